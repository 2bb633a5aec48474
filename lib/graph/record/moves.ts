import { type NoParameters, same, type TypeRules } from './rule.js'

/** Ops that take elements elsewhere as they are. */
export interface Moves {
  /** Table [outer, V, inner] and int32 indices [I]: [outer, I, inner]. */
  gather: NoParameters
  /** Writes values [outer, n, inner] over a cache [outer, capacity, inner], in its own memory, from place int32 [1] on. */
  update: NoParameters
  /** Joins operands of one data type along an axis. */
  concat: { readonly axis: number }
  /** Adds places with one value around the operand: on axis i, `before[i]` and `after[i]`. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number }
}

export const moves: TypeRules<Moves> = {
  gather: (_parameters, table, indices) => ({
    dtype: table.dtype,
    shape: table.shape.with(1, indices.shape[0]!),
  }),
  update: same,
  concat: ({ axis }, ...operands) => {
    const { dtype, shape } = operands[0]!
    const total = operands.reduce((sum, operand) => sum + operand.shape[axis]!, 0)
    return { dtype, shape: shape.with(axis, total) }
  },
  pad: ({ before, after }, { dtype, shape }) => ({
    dtype,
    shape: shape.map((dim, axis) => before[axis]! + dim + after[axis]!),
  }),
}
