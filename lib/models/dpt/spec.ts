import type { BeitConfig } from '../beit/config.js'
import type { SwinSpec } from '../swin/spec.js'
import type { VitNames } from '../vit/names.js'
import type { VitSpec } from '../vit/spec.js'

/** The model whose hidden states are read. */
export type BackboneSpec = VitBackboneSpec | BeitBackboneSpec | SwinBackboneSpec

interface CommonSpec {
  /** Hidden states that the neck reads, in ascending order; 0 is the embedding. */
  readonly features: readonly number[]
}

/** A vision Transformer; the tokens of its hidden states are read. */
export interface VitBackboneSpec extends CommonSpec {
  readonly kind: 'vit'
  readonly vit: VitSpec
  readonly names: VitNames
  /** Maps that are read before the tokens, of a model over a convolution network: 0 is its stem. */
  readonly maps: readonly number[]
  /** Whether the final norm is applied to the tokens. */
  readonly normed: boolean
}

/** The same of a BEiT. */
export interface BeitBackboneSpec extends CommonSpec {
  readonly kind: 'beit'
  readonly beit: BeitConfig
}

/** A Swin V2; its maps are read as they are. */
export interface SwinBackboneSpec extends CommonSpec {
  readonly kind: 'swin'
  readonly swin: SwinSpec
}

/** How one hidden state becomes a map. */
export interface ReassembleSpec {
  readonly width: number
  /** Whether it is tokens; a map stays as it is. */
  readonly tokens: boolean
  /** Size of the map over that of the grid of patches: a whole number, or 1 over a whole number. */
  readonly factor: number
}

/** What becomes of the class token: nothing; it is added to each patch; or projected together with each. */
export type Readout = 'ignore' | 'add' | 'project'

export interface NeckSpec {
  readonly reassemble: readonly ReassembleSpec[]
  readonly readout: Readout
  readonly activation: string
  /** Width of all maps that are fused. */
  readonly width: number
  /** Batch norms and biases of the convolutions of the fusion. */
  readonly batchNorm: boolean
  readonly bias: boolean
  /** Size of a fused map: that of the next map, or twice its own. The last one is always twice its own. */
  readonly fusedSize: 'next' | 'double'
}

/** Depth of each pixel. */
export interface DepthSpec {
  readonly kind: 'depth'
  /** Width between the last two convolutions. */
  readonly hidden: number
  /** A convolution before the others. */
  readonly projection: boolean
  /** Size of the result: that of whole patches, or twice the size of the fused map. */
  readonly size: 'patches' | 'double'
  readonly activation: 'relu' | 'sigmoid'
  /** Factor of the result. */
  readonly scale: number
}

/** Classes of each pixel. */
export interface SegmentsSpec {
  readonly kind: 'segments'
  readonly classes: number
}

/** All differences between published DPT models. */
export interface DptSpec {
  readonly backbone: BackboneSpec
  readonly neck: NeckSpec
  /** Index of the fused map that the head reads, from the coarsest. */
  readonly headInput: number
  readonly head: DepthSpec | SegmentsSpec
}
