import type { DType } from '../dtype.js'
import type { Shape } from '../shape.js'

/** Data type and shape of a tensor. */
export type TensorType = { readonly dtype: DType; readonly shape: Shape }

/** Parameters of an op that has none. */
export type NoParameters = Record<string, never>

/** Height, width. */
export type Pair = readonly [number, number]

/**
 * For each op of a family, a function from parameters and operands to the data type and shape of the result. It does not
 * check its arguments: lib/ops checks the operands of users, and compiler passes make only valid nodes.
 */
export type TypeRules<Family> = {
  readonly [O in keyof Family]: (parameters: Family[O], ...operands: TensorType[]) => TensorType
}

/** The rule of ops whose result has the data type and shape of the first operand. */
export function same(_parameters: unknown, operand: TensorType): TensorType {
  return operand
}
