import { SaccadeError } from '../../errors.js'
import type { NormPlacement } from '../../nn/layer.js'
import type { PositionResize } from '../../nn/position.js'

/** Height and width: of images in pixels, of grids in patches. */
export type Size = readonly [number, number]

/**
 * Which sizes of images a model takes beside that of its config. What does not fill a patch at the right and bottom is
 * cut off, except by `padded`.
 * - `on-request`: any, with the option interpolatePositions (Hugging Face ViT and DeiT; timm, by set_input_size)
 * - `squares-on-request`: squares of whole patches, with that option (torchvision, by interpolate_embeddings)
 * - `any`: any (DINO, Dinov2)
 * - `multiples`: those of whole patches (timm's dynamic_img_size)
 * - `padded`: any; sides are filled up with zeros to whole patches (timm's dynamic_img_pad)
 */
export type AcceptedSizes = 'on-request' | 'squares-on-request' | 'any' | 'multiples' | 'padded'

/**
 * How the tokens become the vector that the classifier reads:
 * - `class`: the class token
 * - `class-and-distillation`: these two tokens, each with a classifier of its own; the mean of both (DeiT)
 * - `class-beside-mean`: the class token next to the mean of the patches, twice as wide (Dinov2)
 * - `mean`, `max`, `mean-and-max`: of the tokens; the last is half the sum of both
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
  /** Which tokens have a position: all, all but the registers, or the patches alone. */
  readonly covers: 'all' | 'all-but-registers' | 'patches'
  /** The grid the table's patches form when it is resized. */
  readonly grid: Size
  /** The grid in the file, where that is another: then it is resized once, when the model is opened. */
  readonly storedGrid?: Size | undefined
  /** By whose rule it is resized; see {@link PositionResize}. */
  readonly resize: PositionResize
}

export interface MlpSpec {
  /** `gated`: two halves of the first layer's result, activation(gate) * value. */
  readonly kind: 'plain' | 'gated'
  /** Width of what the second layer reads. */
  readonly hidden: number
  readonly activation: string
  /** A norm before the second layer. */
  readonly norm: boolean
}

export interface HeadSpec {
  readonly pooling: Pooling
  /** The tokens that mean, maximum and attention are over. */
  readonly over: 'patches' | 'all'
  /** Hidden width of the MLP after attention pooling; 0 where there is none. */
  readonly poolingHidden: number
  /** A norm after the pooling. */
  readonly norm: boolean
  /** A linear layer with an activation between pooling and classifier. */
  readonly pooler: { readonly width: number; readonly activation: string } | undefined
  /** Outputs of the classifier; 0: there is none. */
  readonly classes: number
}

/** Makes an image of the tokens, a linear layer's worth of pixels from each (SimMIM). */
export interface DecoderSpec {
  /** Side of the square of pixels that a token becomes. */
  readonly stride: number
  /** How many tokens are left out at the front and at the back. */
  readonly skip: readonly [number, number]
}

/** How images become tokens. There are no defaults: a layout must know what its library does. */
export interface EmbeddingSpec {
  readonly channels: number
  /** The images the model was made for. */
  readonly image: Size
  readonly accepts: AcceptedSizes
  readonly patch: Size
  readonly patchBias: boolean
  readonly prefix: PrefixTokens
  /** undefined: no positions at all. */
  readonly positions: PositionTable | undefined
  /** A learned token that stands for masked patches. */
  readonly maskToken: boolean
  /** A norm after the embedding (CLIP). */
  readonly embeddingNorm: boolean
  readonly width: number
  readonly norm: { readonly kind: 'layer' | 'rms'; readonly epsilon: number }
}

/**
 * All in which published vision Transformers differ. Each layout makes one from a config; the modules are built from
 * it alone.
 */
export interface VitSpec extends EmbeddingSpec {
  readonly depth: number
  readonly heads: number
  readonly mlp: MlpSpec
  /** Biases of the attention's query, key and value, and of its projection and the MLP. */
  readonly queryKeyValueBias: boolean
  readonly projectionBias: boolean
  /** Norms over each head's queries and keys. */
  readonly queryKeyNorm: boolean
  /** A norm before the attention's projection. */
  readonly attentionNorm: boolean
  readonly normPlacement: NormPlacement
  /** A learned factor for each channel of what a block adds. */
  readonly layerScale: boolean
  /** A norm after the last layer. */
  readonly finalNorm: boolean
  readonly head: HeadSpec
  readonly decoder: DecoderSpec | undefined
}

/** Patches that fit into an image; parts of patches do not count. */
export function gridOf([height, width]: Size, patch: Size): Size {
  return [Math.floor(height / patch[0]), Math.floor(width / patch[1])]
}

/** Whether images of another size need the option interpolatePositions. */
export function isOnRequest(accepts: AcceptedSizes): boolean {
  return accepts === 'on-request' || accepts === 'squares-on-request'
}

/** Number of tokens before those of the patches. */
export function prefixLength({ class: classToken, distillation, registers }: PrefixTokens): number {
  return Number(classToken) + Number(distillation) + registers
}

/** Number of these tokens that have a position. */
export function positionedPrefix({ prefix, positions }: EmbeddingSpec): number {
  switch (positions?.covers) {
    case 'all':
      return prefixLength(prefix)
    case 'all-but-registers':
      return prefixLength({ ...prefix, registers: 0 })
    default:
      return 0
  }
}

/** Checks that a spec of images fits together. @throws CONFIG_INVALID naming the file */
export function checkEmbeddingSpec({ image, patch, positions }: EmbeddingSpec, file: string): void {
  const [rows, columns] = gridOf(image, patch)
  if (rows === 0 || columns === 0)
    throw unfit(file, `images of ${image.join('x')} are smaller than a patch of ${patch.join('x')}`)
  if (positions && positions.grid[0] * positions.grid[1] !== rows * columns)
    throw unfit(
      file,
      `a grid of ${positions.grid.join('x')} positions does not have as many as ${rows}x${columns} patches`,
    )
}

/** Checks that a spec fits together. @throws CONFIG_INVALID naming the file */
export function checkSpec(spec: VitSpec, file: string): void {
  const { width, heads, prefix, head } = spec
  if (width % heads !== 0) throw unfit(file, `a width of ${width} does not divide into ${heads} heads`)
  checkEmbeddingSpec(spec, file)
  if (head.pooling.startsWith('class') && !prefix.class)
    throw unfit(file, 'the head reads a class token, but there is none')
  if (head.pooling === 'class-and-distillation' && !prefix.distillation)
    throw unfit(file, 'the head reads a distillation token, but there is none')
}

function unfit(file: string, problem: string): SaccadeError {
  return new SaccadeError('CONFIG_INVALID', `${file}: ${problem}`)
}
