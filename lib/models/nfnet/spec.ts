import type { GlobalPooling } from '../../nn/pooling.js'

/** All differences between published networks without norms (Brock et al. 2021). */
export interface NfNetSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: NfStemSpec
  /** The blocks of each stage. */
  readonly stages: readonly (readonly NfBlockSpec[])[]
  /** Width of the convolution after the stages; 0: there is none. */
  readonly features: number
  readonly activation: string
  /** Keeps the variance: gamma of the activation. */
  readonly gamma: number
  /** Whether gamma multiplies the outputs of activations, instead of all weights. */
  readonly gammaInActivation: boolean
  /** Padding as in TensorFlow, instead of as much on each side. */
  readonly samePadding: boolean
  /** Epsilon of weight standardisation. */
  readonly epsilon: number
  /** Factor of the branches of all blocks. */
  readonly alpha: number
  /** A learned factor of each branch. */
  readonly skipGain: boolean
  readonly attention: NfAttentionSpec | undefined
  readonly pooling: GlobalPooling
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

export interface NfStemSpec {
  readonly convolutions: readonly {
    readonly name: string
    readonly outputs: number
    readonly kernel: number
    readonly stride: number
  }[]
  readonly pool: boolean
}

export interface NfBlockSpec {
  readonly inputs: number
  readonly inner: number
  readonly outputs: number
  readonly groups: number
  readonly stride: number
  readonly dilation: number
  readonly firstDilation: number
  /** Factor of the first activation: 1 / the standard deviation that the input is expected to have. */
  readonly beta: number
  /** A second 3x3 convolution. */
  readonly extraConvolution: boolean
}

export interface NfAttentionSpec {
  readonly kind: 'se' | 'eca'
  /** Hidden channels of squeeze and excitation. */
  readonly hidden: (channels: number) => number
  readonly gain: number
  /** Whether it is before the last convolution of a block, instead of after it. */
  readonly inside: boolean
}
