import type { NormPlacement } from '../../nn/layer.js'
import type { PositionResize } from '../../nn/position.js'
import type { BackboneSpec } from './hybrid.js'

/** Height and width: of images in pixels, of grids in patches. */
export type Size = readonly [number, number]

/**
 * Which image sizes a model accepts besides that of its config. Incomplete patches at the right and bottom are dropped,
 * except with `padded`.
 * - `on-request`: any, with the option interpolatePositions (Hugging Face ViT and DeiT; timm, by set_input_size)
 * - `squares-on-request`: squares of whole patches, with that option (torchvision, by interpolate_embeddings)
 * - `any`: any (DINO, Dinov2)
 * - `multiples`: those of whole patches (timm's dynamic_img_size)
 * - `padded`: any; sides are padded with zeros to whole patches (timm's dynamic_img_pad)
 */
export type AcceptedSizes = 'on-request' | 'squares-on-request' | 'any' | 'multiples' | 'padded'

/**
 * How the tokens are pooled to the vector that the classifier reads:
 * - `class`: the class token
 * - `class-and-distillation`: these two tokens, each with its own classifier; the mean of both (DeiT)
 * - `class-beside-mean`: the class token concatenated with the mean of the patches (Dinov2)
 * - `mean`, `max`, `mean-and-max`: over the tokens; the last is half the sum of both
 * - `attention`: a learned query attends to the tokens, an MLP follows (SigLIP)
 * - `none`: every token is classified
 */
export type Pooling =
  | 'class'
  | 'class-and-distillation'
  | 'class-beside-mean'
  | 'mean'
  | 'max'
  | 'mean-and-max'
  | 'attention'
  | 'none'

/** Tokens before those of the patches, in this order. */
export interface PrefixTokens {
  readonly class: boolean
  readonly distillation: boolean
  readonly registers: number
}

export interface PositionTable {
  /** Which tokens have a position embedding: all, all except the registers, or the patches only. */
  readonly covers: 'all' | 'all-but-registers' | 'patches'
  /** The grid of the table's patches. */
  readonly grid: Size
  /** The grid in the file, if it differs: then the table is resized when the model is opened. */
  readonly storedGrid?: Size | undefined
  /** How the table is resized. */
  readonly resize: PositionResize
}

/**
 * Rotary positions of the patches; prefix tokens are not rotated.
 * - `centres`: by halves, angles from the centres of the patches (DINOv3)
 * - `numbers`: by neighbouring pairs, angles from the numbers of the patches plus `offset`, which span the grid
 *   `reference` if there is one (EVA-02, RoPE-ViT's axial form)
 * - `mixed`: by neighbouring pairs, learned frequencies for each layer and head (RoPE-ViT)
 *
 * `first` has the coordinate that the first half of the pairs, or of the frequencies, belongs to.
 */
export type RotarySpec =
  | { readonly kind: 'centres'; readonly base: number }
  | {
      readonly kind: 'numbers'
      readonly base: number
      readonly offset: number
      readonly reference: Size | undefined
      readonly first: 'rows' | 'columns'
    }
  | { readonly kind: 'mixed'; readonly first: 'rows' | 'columns' }

export interface MlpSpec {
  /** `gated`: activation(gate) * value, the two halves of the first layer's output. */
  readonly kind: 'plain' | 'gated'
  /** Input width of the second layer. */
  readonly hidden: number
  readonly activation: string
  /** A norm before the second layer. */
  readonly norm: boolean
  /** Whether its linear layers have biases. Default: as the attention's projection. */
  readonly bias?: boolean | undefined
}

/** Which of the projections of an attention have a bias; of a stored one that they do not have, nothing is used. */
export interface QueryKeyValueBias {
  readonly query: boolean
  readonly key: boolean
  readonly value: boolean
}

export interface HeadSpec {
  readonly pooling: Pooling
  /** The tokens over which mean, maximum and attention pool. */
  readonly over: 'patches' | 'all'
  /** Hidden width of the MLP after attention pooling; 0 if there is none. */
  readonly poolingHidden: number
  /** Heads of the attention pooling, and the activation of its MLP. Default: those of the layers. */
  readonly poolingHeads?: number | undefined
  readonly poolingActivation?: string | undefined
  /** A norm after the pooling. */
  readonly norm: boolean
  /** A linear layer with an activation between pooling and classifier. */
  readonly pooler: { readonly width: number; readonly activation: string } | undefined
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

/** A decoder that reconstructs an image: a linear layer turns each token into a square of pixels (SimMIM). */
export interface DecoderSpec {
  /** Side of the square of pixels that a token becomes. */
  readonly stride: number
  /** Number of tokens before the patches. */
  readonly skip: number
}

/** How images are embedded. There are no defaults: a layout must set what its library does. */
export interface EmbeddingSpec {
  readonly channels: number
  /** Size of the images that the model was trained on. */
  readonly image: Size
  readonly accepts: AcceptedSizes
  readonly patch: Size
  readonly patchBias: boolean
  /** Patches are those of this network's feature maps. undefined: of the image. */
  readonly backbone?: BackboneSpec | undefined
  readonly prefix: PrefixTokens
  /** undefined: no position embeddings. */
  readonly positions: PositionTable | undefined
  /** A learned token that replaces masked patches. */
  readonly maskToken: boolean
  /** A norm after the embedding (CLIP). */
  readonly embeddingNorm: boolean
  readonly width: number
  readonly norm: { readonly kind: 'layer' | 'rms'; readonly epsilon: number }
}

/**
 * All differences between published vision Transformers. Each layout makes a spec from a config, and the modules depend on
 * the spec only.
 */
export interface VitSpec extends EmbeddingSpec {
  readonly depth: number
  readonly heads: number
  /** undefined: none. */
  readonly rotary?: RotarySpec | undefined
  readonly mlp: MlpSpec
  /** Biases of the attention's query, key and value, all or each, and of its projection and the MLP. */
  readonly queryKeyValueBias: boolean | QueryKeyValueBias
  readonly projectionBias: boolean
  /** Norms over each head's queries and keys. */
  readonly queryKeyNorm: boolean
  /** A norm before the attention's projection. */
  readonly attentionNorm: boolean
  readonly normPlacement: NormPlacement
  /** Layer scale: a learned factor for each channel of a block's residual branch. */
  readonly layerScale: boolean
  /** A norm after the last layer. */
  readonly finalNorm: boolean
  readonly head: HeadSpec
  readonly decoder: DecoderSpec | undefined
}

/** The part of a spec that the layers depend on: text encoders have it too. */
export type LayerSpec = Pick<
  VitSpec,
  | 'width'
  | 'depth'
  | 'heads'
  | 'mlp'
  | 'queryKeyValueBias'
  | 'projectionBias'
  | 'queryKeyNorm'
  | 'attentionNorm'
  | 'norm'
  | 'normPlacement'
  | 'layerScale'
>

/** The parts of a spec that say an encoder has no head: its class token is the pooled vector. */
export const noHead: Pick<VitSpec, 'head' | 'maskToken' | 'decoder'> = {
  head: {
    ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false, pooler: undefined, classes: 0 },
  },
  ...{ maskToken: false, decoder: undefined },
}
