import type { GlobalPooling } from '../../nn/pooling.js'

/** Where zeros are added around the maps of a convolution: on both sides alike, or as in TensorFlow. */
export type BitPadding = 'even' | 'same'

/** All differences between published ResNet V2 with weight standardisation and group norm. */
export interface BitSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: BitStemSpec
  readonly stages: readonly BitStageSpec[]
  /** Norm and activation before each convolution (He et al. 2016), instead of after it. */
  readonly preactivation: boolean
  readonly activation: string
  /** Groups of the group norms. */
  readonly groups: number
  readonly padding: BitPadding
}

export interface BitStemSpec {
  readonly width: number
  /** A border of one zero on each side after the convolution. */
  readonly border: boolean
  /** Padding of the max pooling; `zeros`: as `same`, but zeros take part in the maximum. */
  readonly pooling: 'none' | 'zeros' | 'even' | 'same'
}

export interface BitStageSpec {
  readonly width: number
  readonly depth: number
  readonly stride: number
  readonly dilation: number
}

export interface BitHeadSpec {
  readonly pooling: GlobalPooling
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

/** Names of modules in a layout. The names inside of blocks are the same in all of them. */
export interface BitNames {
  readonly stem: { readonly convolution: string; readonly norm: string }
  readonly block: (stage: number, block: number) => string
  readonly norm: string
  readonly classifier: string
}
