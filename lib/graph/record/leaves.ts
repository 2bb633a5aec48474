import type { Precision } from '../kinds.js'
import type { Shape } from '../shape.js'
import type { TensorType, TypeRules } from './rule.js'

/** Nodes without operands whose memory is there before a run. */
export interface Leaves {
  /** Bound at every run. */
  data: TensorType
  /** A weight, or what was folded from weights: part of a program. */
  constant: TensorType
  /** A constant [batch, K, N] as the op `pack` stores it. Made by the compiler. */
  packed: { readonly shape: Shape; readonly precision: Precision }
}

export const leaves: TypeRules<Leaves> = {
  data: (type) => type,
  constant: (type) => type,
  packed: ({ shape }) => ({ dtype: 'float32', shape }),
}
