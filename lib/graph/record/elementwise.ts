import type { DType } from '../dtype.js'
import { type BinaryKind, isPredicate, type UnaryKind } from '../kinds.js'
import { type NoParameters, same, type TypeRules } from './rule.js'

/** Ops on single elements. All operands have the same shape: `expand` broadcasts. */
export interface Elementwise {
  /**
   * A scalar; `expand` repeats it. `constant`: whether it takes part in constant folding. True for numbers of ops and
   * modules. False for tensors of users: otherwise a model that runs on Tensor.zeros would be folded into its result.
   */
  fill: { readonly dtype: DType; readonly value: number; readonly constant: boolean }
  /** Converts to another data type. */
  copy: { readonly dtype: DType }
  /** `parameter` is 0 for kinds that take none. */
  unary: { readonly kind: UnaryKind; readonly parameter: number }
  /** Two operands of the same data type. */
  binary: { readonly kind: BinaryKind }
  /** Condition (bool), a, b: a where the condition is true, else b. */
  where: NoParameters
}

export const elementwise: TypeRules<Elementwise> = {
  fill: ({ dtype }) => ({ dtype, shape: [] }),
  copy: ({ dtype }, { shape }) => ({ dtype, shape }),
  unary: same,
  binary: ({ kind }, { dtype, shape }) => ({ dtype: isPredicate(kind) ? 'bool' : dtype, shape }),
  where: (_parameters, _condition, a) => a,
}
