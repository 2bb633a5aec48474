import { inBatch } from '../errors.js'
import type { ImageProcessor } from '../image/process.js'
import { type ImageInput, RawImage } from '../image/raw-image.js'
import type { ImageCallOptions, ImageModel, ImageOutputs } from './base.js'

/** A picture, and what a model gives for it. */
export interface PictureOutputs {
  readonly picture: RawImage
  readonly outputs: ImageOutputs
}

/**
 * Runs a model on pictures one at a time, in order: for tasks whose results have the size of the picture, and whose inputs
 * can have one of their own.
 */
export async function* runPictures(
  images: readonly ImageInput[],
  model: ImageModel,
  processor: ImageProcessor,
  { maxPixels, svg, signal }: ImageCallOptions,
): AsyncGenerator<PictureOutputs> {
  for (const [index, image] of images.entries()) {
    try {
      const picture = await RawImage.read(image, { maxPixels, svg, signal })
      using pixelValues = await processor.process(picture, { signal })
      yield { picture, outputs: await model.run({ pixelValues }, { signal }) }
    } catch (error) {
      throw images.length > 1 ? inBatch(error, `image ${index}`) : error
    }
  }
}
