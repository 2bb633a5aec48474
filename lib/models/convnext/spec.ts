import type { GlobalPooling } from '../../nn/pooling.js'

/** All differences between published ConvNeXt models. */
export interface ConvNextSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: StemSpec
  readonly stages: readonly StageSpec[]
  /** Whether convolutions have a bias. Linear layers always do. */
  readonly convBias: boolean
  /** Layer scale: a learned factor for each channel of a block's residual branch (v1). */
  readonly layerScale: boolean
  /** Global response normalisation in the MLP (v2). */
  readonly responseNorm: boolean
  readonly activation: string
  readonly norm: 'layer' | 'rms' | 'simple'
  readonly epsilon: number
  /** The features are tokens: the pooled vector, then the positions row by row, with the norm of the head (DINOv3). */
  readonly tokens?: boolean
  readonly head: HeadSpec
}

export interface StemSpec {
  /** `patch`: one convolution without overlap; else two of 3x3 with stride 2, with or without an activation between. */
  readonly kind: 'patch' | 'overlap' | 'overlap-activation'
  /** Side of a patch; 4 for the overlapping kinds. */
  readonly patch: number
  /** Channels between the two convolutions of an overlapping stem. */
  readonly middle: number
}

export interface StageSpec {
  readonly width: number
  readonly depth: number
  /** Side of the depthwise kernel. */
  readonly kernel: number
  /** Side and stride of the downsampling convolution before the stage; undefined: no downsampling. */
  readonly downsample?: number | undefined
}

export interface HeadSpec {
  /** Placement of the norm; `none`: no norm. */
  readonly norm: 'before-pool' | 'after-pool' | 'none'
  readonly pool: GlobalPooling
  readonly epsilon: number
  /** Width of a hidden layer before the classifier; undefined: no such layer. */
  readonly hidden?: number | undefined
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

/** Names of all weights in a layout, without `.weight`. */
export interface ConvNextNames {
  /** First and second (if any) convolution of the stem, then its norm. */
  readonly stem: readonly string[]
  readonly downsample: (stage: number) => { readonly norm: string; readonly convolution: string }
  readonly block: (stage: number, block: number) => BlockNames
  readonly headNorm: string
  readonly headHidden: string
  readonly classifier: string
}

export interface BlockNames {
  readonly depthwise: string
  readonly norm: string
  readonly first: string
  readonly second: string
  /** Name of the vector, which has no `.weight`. */
  readonly layerScale: string
  readonly responseNorm: string
}

/** Hidden width of a block / width of the block. */
export const mlpRatio = 4
