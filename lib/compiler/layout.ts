import type { GraphNode } from '../graph/node.js'
import { contiguousStrides, type Shape, sizeOf } from '../graph/shape.js'
import type { ViewName } from '../graph/views.js'
import type { ViewDType } from './target.js'

/** A buffer of a program before memory is planned. */
export interface Value {
  kind: 'arena' | 'constant' | 'input' | 'inout' | 'output'
  /** Index among the constants, inputs or outputs; in the arena the offset in bytes. */
  location: number
  readonly bytes: number
  /** Indices of the first and last instruction that use it. */
  first: number
  last: number
}

/** The location of a tensor's elements in a value. Offset and strides are in elements. */
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

/** Whether the elements are in row-major order without gaps. */
export function isContiguous(layout: Layout): boolean {
  if (sizeOf(layout.shape) <= 1) return true
  const expected = contiguousStrides(layout.shape)
  return layout.shape.every((dim, axis) => dim === 1 || layout.strides[axis] === expected[axis])
}

/** The layout of a view node, given that of its input; undefined if the view needs a copy. */
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
    // An empty slice may start at the end of the axis; its offset would be outside the value.
    const offset = sizeOf(shape) === 0 ? input.offset : input.offset + start * stride
    return { ...input, shape, offset, strides: input.strides.with(axis, stride * step) }
  },
}

/**
 * Strides of a reshape, or undefined if no strides express it. Merges old axes that are contiguous in memory, and splits
 * each merged axis into new axes of the same total size.
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
