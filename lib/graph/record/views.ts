import type { Shape } from '../shape.js'
import type { TypeRules } from './rule.js'

/** Ops that change only the layout of their operand: shape, strides and offset. Copied only if strides cannot express it. */
export interface Views {
  /** The same elements in row-major order with another shape. */
  reshape: { readonly shape: Shape }
  /** Axis i of the result is axis `axes[i]`. */
  permute: { readonly axes: readonly number[] }
  /** Repeats axes of size 1 and adds leading axes. */
  expand: { readonly shape: Shape }
  /** `size` elements along an axis: start, start + step, ... */
  slice: { readonly axis: number; readonly start: number; readonly size: number; readonly step: number }
}

export const views: TypeRules<Views> = {
  reshape: ({ shape }, { dtype }) => ({ dtype, shape }),
  permute: ({ axes }, { dtype, shape }) => ({ dtype, shape: axes.map((axis) => shape[axis]!) }),
  expand: ({ shape }, { dtype }) => ({ dtype, shape }),
  slice: ({ axis, size }, { dtype, shape }) => ({ dtype, shape: shape.with(axis, size) }),
}
