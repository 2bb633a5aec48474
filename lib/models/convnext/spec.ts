/** What tells one ConvNeXt from another, whichever library published it. */
export interface ConvNextSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: StemSpec
  readonly stages: readonly StageSpec[]
  /** Whether convolutions have a bias (linear layers always have). */
  readonly convBias: boolean
  /** Layer scale: each branch times a vector (v1). */
  readonly layerScale: boolean
  /** Global response normalisation in the MLP (v2). */
  readonly responseNorm: boolean
  readonly activation: string
  readonly norm: 'layer' | 'rms'
  readonly epsilon: number
  readonly head: HeadSpec
}

export interface StemSpec {
  /** `patch`: one convolution without overlap; the others: two of 3x3 with stride 2, with or without activation between. */
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
  /** Side and stride of the convolution before the stage, which a norm precedes; undefined: there is none. */
  readonly downsample?: number | undefined
}

export interface HeadSpec {
  /** Norm before the pooling instead of after it; `none`: there is no norm. */
  readonly norm: 'before-pool' | 'after-pool' | 'none'
  readonly pool: 'average' | 'max' | 'average-max'
  readonly epsilon: number
  /** Width of a layer before the classifier. */
  readonly hidden?: number | undefined
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

/** Where a layout keeps each part. Names are without `.weight`. */
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
  /** The vector itself. */
  readonly layerScale: string
  readonly responseNorm: string
}

/** The hidden width of a block over its width. */
export const mlpRatio = 4
