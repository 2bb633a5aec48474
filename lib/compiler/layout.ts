import type { GraphNode } from '../graph/node.js'
import { contiguousStrides, type Shape, sizeOf } from '../graph/shape.js'
import type { ViewName } from '../graph/views.js'
import type { ViewDType } from './target.js'

/** A buffer of a program before memory is planned. */
export interface Value {
  kind: 'arena' | 'constant' | 'input' | 'inout' | 'output'
  /** Place among the constants, inputs or outputs; for the arena its offset in bytes. */
  place: number
  readonly bytes: number
  /** Instructions that first and last touch it. */
  first: number
  last: number
}

/** Where the elements of a tensor lie in a value. Offset and strides are in elements. */
export interface Layout {
  readonly value: Value
  readonly dtype: ViewDType
  readonly offset: number
  readonly shape: Shape
  readonly strides: readonly number[]
}

export function contiguousLayout(value: Value, dtype: ViewDType, shape: Shape): Layout {
  return { value, dtype, offset: 0, shape, strides: contiguousStrides(shape) }
}

/** Whether the elements lie in row-major order without gaps. */
export function isContiguous(layout: Layout): boolean {
  if (sizeOf(layout.shape) <= 1) return true
  const expected = contiguousStrides(layout.shape)
  return layout.shape.every((dim, axis) => dim === 1 || layout.strides[axis] === expected[axis])
}

/** The layout of a view node, given that of its input; undefined where only a copy would do. */
export function viewLayout<O extends ViewName>(node: GraphNode<O>, input: Layout): Layout | undefined {
  return viewLayouts[node.op](node, input)
}

const viewLayouts: {
  readonly [O in ViewName]: (node: GraphNode<O>, input: Layout) => Layout | undefined
} = {
  reshape({ shape }, input) {
    const strides = reshapedStrides(input, shape)
    return strides && { ...input, shape, strides }
  },
  permute({ shape, parameters }, input) {
    return { ...input, shape, strides: parameters.axes.map((axis) => input.strides[axis]!) }
  },
  expand({ shape }, input) {
    const added = shape.length - input.shape.length
    const strides = shape.map((dim, axis) => {
      const from = axis - added
      return from < 0 || (input.shape[from] === 1 && dim !== 1) ? 0 : input.strides[from]!
    })
    return { ...input, shape, strides }
  },
  slice({ shape, parameters: { axis, start, step } }, input) {
    const stride = input.strides[axis]!
    // An empty part may begin at the very end.
    const offset = sizeOf(shape) === 0 ? input.offset : input.offset + start * stride
    return { ...input, shape, offset, strides: input.strides.with(axis, stride * step) }
  },
}

/**
 * Strides of a reshape, or undefined if the elements do not lie so. Groups of old axes that run through memory as one
 * are matched with groups of new axes of the same size.
 */
function reshapedStrides(layout: Layout, shape: Shape): number[] | undefined {
  if (sizeOf(shape) === 0) return contiguousStrides(shape)
  const old = layout.shape
    .map((dim, axis) => ({ dim, stride: layout.strides[axis]! }))
    .filter(({ dim }) => dim !== 1)
  const merged: { dim: number; stride: number }[] = []
  for (const axis of old) {
    const last = merged[merged.length - 1]
    if (last && last.stride === axis.dim * axis.stride) {
      last.dim *= axis.dim
      last.stride = axis.stride
    } else merged.push({ ...axis })
  }
  const strides = new Array<number>(shape.length).fill(0)
  let group = merged.length - 1
  let used = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const dim = shape[axis]!
    const run = merged[group]
    if (dim === 1) {
      strides[axis] = run ? used * run.stride : 1
      continue
    }
    if (!run || run.dim % (used * dim) !== 0) return undefined
    strides[axis] = used * run.stride
    used *= dim
    if (used === run.dim) {
      group--
      used = 1
    }
  }
  return strides
}
