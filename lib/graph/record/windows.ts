import type { FilterKind, PoolKind } from '../kinds.js'
import type { Pair, TypeRules } from './rule.js'

/** How windows lie over [N, H, W, C]. */
export type Window = {
  readonly stride: Pair
  /** Top, left; what is needed at the bottom and right follows from the size of the output. */
  readonly padding: Pair
  readonly dilation: Pair
  readonly outputSize: Pair
}

/** Ops on neighbouring places. */
export interface Windows {
  /** `ceilExtra`: how far the last window reaches past the padded input. */
  pool: Window & {
    readonly kind: PoolKind
    readonly kernel: Pair
    readonly countPadding: boolean
    readonly ceilExtra: Pair
  }
  /** Resizes the middle axis of uint8 [outer, length, inner], as Pillow does, from places `start` to `end` of it. */
  resample: {
    readonly filter: FilterKind
    readonly start: number
    readonly end: number
    readonly size: number
  }
}

export const windows: TypeRules<Windows> = {
  pool: ({ outputSize }, { dtype, shape }) => ({ dtype, shape: [shape[0]!, ...outputSize, shape[3]!] }),
  resample: ({ size }, { dtype, shape }) => ({ dtype, shape: shape.with(1, size) }),
}
