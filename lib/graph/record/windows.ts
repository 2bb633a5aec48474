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
  /** Resizes the range start..end of the middle axis of uint8 [outer, length, inner] to `size`, as Pillow does. */
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
