import type { GlobalPooling } from '../../nn/pooling.js'

/** Where zeros are added around the maps of a convolution: on both sides alike, or as in TensorFlow. */
export type BitPadding = 'even' | 'same'

/** All differences between published ResNet V2. */
export interface BitSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: BitStemSpec
  readonly stages: readonly BitStageSpec[]
  /** Norm and activation before each convolution (He et al. 2016), instead of after it. */
  readonly preactivation: boolean
  readonly activation: string
  readonly block: 'bottleneck' | 'basic'
  /** Whether the weights of convolutions are standardised. */
  readonly standardized: boolean
  readonly norm: 'group' | 'batch'
  /** Shortcuts of the first block of a stage: a strided convolution, or an average pooling and a convolution. */
  readonly shortcut: 'strided' | 'average'
  /** Groups of the group norms. */
  readonly groups: number
  readonly padding: BitPadding
}

export interface BitStemSpec {
  readonly width: number
  /** Widths of the first two of three 3x3 convolutions, instead of one of 7x7. */
  readonly deep?: readonly [number, number] | undefined
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

/** What is common to all BiT. */
export const bitBlocks = {
  block: 'bottleneck',
  standardized: true,
  norm: 'group',
  shortcut: 'strided',
} as const

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
