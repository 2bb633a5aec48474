import { invalid } from '../../errors.js'
import { sizesOf } from '../../graph/shape.js'
import type * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { type ContrastiveImages, contrastiveImageNames } from '../contrastive.js'
import type { VitEmbedding } from '../vit/embedding.js'
import { checkPixels } from '../vit/inputs.js'
import type { Size } from '../vit/spec.js'

/** Images as the layers take them. */
export interface EmbeddedImages {
  /** float32 [B, N, width]. */
  readonly tokens: ops.FloatTensor
  /** bool [B, N]: which tokens are no padding. */
  readonly kept: Tensor<'bool'> | undefined
  /** Height and width in pixels; undefined where each image has its own. */
  readonly size?: Size
}

/** Checks and embeds a batch of images. */
export interface ImageEmbedding {
  forward(images: ContrastiveImages, interpolate: boolean): EmbeddedImages | Promise<EmbeddedImages>
}

/** Refuses the further inputs of NaFlex. @throws INPUT_INVALID */
export function checkFixed(images: ContrastiveImages): void {
  for (const name of contrastiveImageNames)
    if (name !== 'pixelValues' && images[name] !== undefined)
      throw invalid('INPUT_INVALID', name, 'a NaFlex model', 'a model of images of one size')
}

/** Images of one size. */
export class FixedEmbedding implements ImageEmbedding {
  readonly #embedding: VitEmbedding

  constructor(embedding: VitEmbedding) {
    this.#embedding = embedding
  }

  forward(images: ContrastiveImages, interpolate: boolean): EmbeddedImages {
    checkFixed(images)
    const pixels = checkPixels(this.#embedding.spec, images.pixelValues, interpolate)
    const [, , height, width] = sizesOf(pixels.shape, 4)
    const tokens = this.#embedding.forward(pixels, interpolate)
    return { tokens, kept: undefined, size: [height, width] }
  }
}
