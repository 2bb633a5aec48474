import type { DType } from '../dtype.js'
import type { Shape } from '../shape.js'

/** What is known of a tensor before it is computed. */
export type TensorType = { readonly dtype: DType; readonly shape: Shape }

/** Of an op that has none. */
export type NoParameters = Record<string, never>

/** Height, width. */
export type Pair = readonly [number, number]

/**
 * For each op of a family, the data type and shape of its result, from its parameters and operands. Nothing is checked
 * here: the ops that users call did, with messages for users; passes know what they do.
 */
export type TypeRules<Family> = {
  readonly [O in keyof Family]: (parameters: Family[O], ...operands: TensorType[]) => TensorType
}

/** The type of an operand, for ops whose result has the same. */
export function same(_parameters: unknown, operand: TensorType): TensorType {
  return operand
}
