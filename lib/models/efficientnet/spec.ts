import type { Activation } from '../../nn/activation.js'
import type { GlobalPooling } from '../../nn/pooling.js'

/** All differences between published EfficientNets (Tan and Le 2019). */
export interface EfficientNetSpec {
  /** Channels of the input. */
  readonly channels: number
  readonly stem: number
  readonly blocks: readonly MobileBlockSpec[]
  /** Width of the convolution after the blocks; 0: there is none (ALIGN). */
  readonly top: number
  readonly activation: Activation
  /** Epsilon of the batch norms. */
  readonly epsilon: number
  readonly pooling: GlobalPooling
}

/** One inverted residual block: expansion, depthwise convolution, squeeze and excitation, projection. */
export interface MobileBlockSpec {
  readonly inputs: number
  /** Channels of the depthwise convolution; as many as the inputs: there is no expansion. */
  readonly expanded: number
  /** Whether there is an expansion. */
  readonly expands: boolean
  /** Hidden channels of squeeze and excitation. */
  readonly squeezed: number
  readonly outputs: number
  readonly kernel: number
  readonly stride: 1 | 2
  /** Of a stride of 2: the zeros before the maps are one fewer than those after. */
  readonly shiftsPadding: boolean
  readonly residual: boolean
}
