import type { Activation } from '../../nn/activation.js'

/** All differences between published MLP-Mixers and their descendants. */
export interface MixerSpec {
  readonly channels: number
  /** Height and width of the images; the network takes no others. */
  readonly image: readonly [number, number]
  readonly patch: readonly [number, number]
  readonly width: number
  readonly depth: number
  /**
   * - `mixer`: MLPs over tokens and over channels
   * - `residual`: a linear layer over tokens, an MLP over channels, layer scale (ResMLP, Touvron et al. 2021)
   * - `spatial-gating`: an MLP over channels, of which one half gates the other over tokens (gMLP, Liu et al. 2021)
   */
  readonly block: 'mixer' | 'residual' | 'spatial-gating'
  /** Whether the MLPs are gated: the second half of the first layer gates the first half (not those of `spatial-gating`). */
  readonly gated: boolean
  /** `affine`: a factor and an addend for each channel, without statistics. */
  readonly norm: 'layer' | 'affine'
  /** Hidden widths of the MLPs over tokens and over channels. */
  readonly hidden: readonly [number, number]
  readonly activation: Activation
  /** A norm after the patch embedding. */
  readonly stemNorm: boolean
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}
