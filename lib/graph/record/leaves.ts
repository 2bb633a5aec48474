import type { Precision } from '../kinds.js'
import type { Shape } from '../shape.js'
import type { TensorType, TypeRules } from './rule.js'

/** Nodes without operands. Their memory exists before a run. */
export interface Leaves {
  /** Bound at every run. */
  data: TensorType
  /** A weight, or a constant folded from weights. Part of a program. */
  constant: TensorType
  /** A constant matrix [batch, K, N] in the layout that the op `pack` writes. Made by the compiler. */
  packed: { readonly shape: Shape; readonly precision: Precision }
}

export type LeafName = keyof Leaves

export const leaves: TypeRules<Leaves> = {
  data: (type) => type,
  constant: (type) => type,
  packed: ({ shape }) => ({ dtype: 'float32', shape }),
}
