import type { FilterKind, PoolKind } from '../kinds.js'
import type { Pair, TypeRules } from './rule.js'

/** Positions of windows over [N, H, W, C]. */
export type Window = {
  readonly stride: Pair
  /** Top, left. Padding at the bottom and right follows from the output size. */
  readonly padding: Pair
  readonly dilation: Pair
  readonly outputSize: Pair
}

/** Ops on neighbourhoods. */
export interface Windows {
  /** `ceilExtra`: by how many elements the last window extends past the padded input. */
  pool: Window & {
    readonly kind: PoolKind
    readonly kernel: Pair
    readonly countPadding: boolean
    readonly ceilExtra: Pair
  }
  /**
   * Of a middle axis of `length` that Pillow would resize to `size`, the `count` positions from `first` on. The operand,
   * uint8 [outer, n, inner], has the positions of the axis from `offset` on.
   */
  resample: {
    readonly filter: FilterKind
    readonly length: number
    readonly offset: number
    readonly size: number
    readonly first: number
    readonly count: number
  }
}

export const windows: TypeRules<Windows> = {
  pool: ({ outputSize }, { dtype, shape }) => ({ dtype, shape: [shape[0]!, ...outputSize, shape[3]!] }),
  resample: ({ count }, { dtype, shape }) => ({ dtype, shape: shape.with(1, count) }),
}
