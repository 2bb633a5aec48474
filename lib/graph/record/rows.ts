import type { NormMode, ReduceKind } from '../kinds.js'
import { same, type TypeRules } from './rule.js'

/** Ops on rows or groups of elements. */
export interface Rows {
  /** Over the last `axes` axes, which are removed. argmax and argmin return int32. */
  reduce: { readonly kind: ReduceKind; readonly axes: number }
  /** Indices of the largest elements of the last axis: int32, the largest first. */
  topK: { readonly count: number }
  /** Over the last axis. */
  softmax: { readonly logarithm: boolean }
  /** x [N, S, G, C], statistics over S and C. `weight`, `bias`: whether these operands [G, C] follow, in this order. */
  norm: {
    readonly mode: NormMode
    readonly epsilon: number
    readonly weight: boolean
    readonly bias: boolean
  }
}

export const rows: TypeRules<Rows> = {
  reduce: ({ kind, axes }, { dtype, shape }) => ({
    dtype: kind === 'argmax' || kind === 'argmin' ? 'int32' : dtype,
    shape: shape.slice(0, shape.length - axes),
  }),
  topK: ({ count }, { shape }) => ({ dtype: 'int32', shape: [...shape.slice(0, -1), count] }),
  softmax: same,
  norm: same,
}
