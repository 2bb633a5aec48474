import type { GlobalPooling } from '../../nn/pooling.js'

/** All differences between published ResNets. */
export interface ResNetSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: StemSpec
  readonly stages: readonly StageSpec[]
  /** Groups of the 3x3 convolutions of bottlenecks (ResNeXt). */
  readonly groups: number
  /** Activation of the stem and after the residual connections. */
  readonly activation: string
  /** Activation inside of blocks. */
  readonly innerActivation: string
  /** `group`: 32 groups. */
  readonly norm: 'batch' | 'group'
  /** What follows convolutions instead of their stride: means of squares, or a blur (Zhang 2019). */
  readonly antiAliasing: 'average' | 'blur' | undefined
  readonly attention: ChannelAttentionSpec | undefined
  /**
   * A shortcut that changes the size: a convolution with this kernel, or an average and a 1x1 convolution. Windows of the
   * average that the border cuts count, or not.
   */
  readonly shortcut: { readonly kernel: number } | 'average' | 'average-whole'
  readonly pooling: GlobalPooling
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

export interface StemSpec {
  readonly convolutions: readonly {
    readonly outputs: number
    readonly kernel: number
    readonly stride: number
  }[]
  /** What halves the maps after the convolutions: a max pooling, or a 3x3 convolution. */
  readonly reduction: 'max' | 'convolution'
}

export interface StageSpec {
  /** Two 3x3 convolutions, or 1x1, 3x3 and 1x1. */
  readonly block: 'basic' | 'bottleneck'
  readonly depth: number
  /** Outputs of a block's first convolution, of its 3x3 convolution if it is a bottleneck, and of the block. */
  readonly first: number
  readonly inner: number
  readonly width: number
  readonly stride: number
  /** Convolution of a bottleneck that has the stride. */
  readonly strideAt: 'first' | 'second'
  readonly dilation: number
  /** Dilation of the convolution with the stride in the first block. */
  readonly firstDilation: number
}

/** Squeeze and excitation with a ratio of hidden channels, or efficient channel attention. */
export type ChannelAttentionSpec =
  | { readonly kind: 'se'; readonly hidden: (channels: number) => number }
  | { readonly kind: 'eca' }

/** Names of modules in a layout. */
export interface ResNetNames {
  /** A convolution of the stem and its norm. */
  readonly stem: (index: number) => ConvolutionNames
  /** The convolution that replaces the max pooling. */
  readonly reduction: ConvolutionNames
  readonly block: (stage: number, block: number) => BlockNames
  readonly classifier: string
}

export interface ConvolutionNames {
  readonly convolution: string
  readonly norm: string
}

export interface BlockNames {
  readonly convolution: (index: number) => ConvolutionNames
  readonly shortcut: ConvolutionNames
  readonly attention: string
}
