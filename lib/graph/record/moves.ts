import { type NoParameters, same, type TypeRules } from './rule.js'

/** Ops that copy elements without arithmetic. */
export interface Moves {
  /** Table [outer, V, inner], indices int32 [I]. Result [outer, I, inner]. */
  gather: NoParameters
  /**
   * Writes values into a cache. Cache [outer, capacity, inner], values [outer, n, inner], positions int32 [G], one for
   * every outer / G rows.
   */
  update: NoParameters
  /** Joins operands of the same data type along an axis. */
  concat: { readonly axis: number }
  /** Pads axis i with `before[i]` and `after[i]` elements of one value. */
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
