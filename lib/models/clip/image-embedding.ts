import { invalid } from '../../errors.js'
import type * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import { type ContrastiveImages, contrastiveImageNames } from '../contrastive.js'
import type { VitEmbedding } from '../vit/embedding.js'
import { checkPixels } from '../vit/inputs.js'

/** Tokens of images: float32 [B, N, width], and which are no padding: bool [B, N]. */
export interface EmbeddedImages {
  readonly tokens: ops.FloatTensor
  readonly kept: Tensor<'bool'> | undefined
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
    return { tokens: this.#embedding.forward(pixels, interpolate), kept: undefined }
  }
}
