import { invalid } from '../errors.js'
import type { ImageProcessor } from '../image/process.js'
import type { ImageInput } from '../image/raw-image.js'
import { Mae } from '../models/mae/mae.js'
import * as ops from '../ops/index.js'
import { checkFlags } from '../options.js'
import { type ImageCallOptions, type ImageModel, imageCall, runImages } from './base.js'
import { TensorOutput } from './tensor-output.js'

export interface ImageFeatureExtractionOptions extends ImageCallOptions {
  /** Return the pooled vector of each image instead of one vector for each patch or class token. */
  readonly pool?: boolean | null | undefined
}

const task = 'image-feature-extraction'

/** Feature vectors of images: float32 [images, tokens, hidden size], or with `pool` [images, hidden size]. */
export class ImageFeatureExtraction {
  readonly task = task
  readonly model: ImageModel
  readonly processor: ImageProcessor

  constructor(model: ImageModel, processor: ImageProcessor) {
    this.model = model
    this.processor = processor
  }

  async call(
    images: ImageInput | readonly ImageInput[],
    given: ImageFeatureExtractionOptions = {},
  ): Promise<TensorOutput> {
    const { list, options } = imageCall(images, given, ['pool'], task)
    if (options.pool !== null) checkFlags(options, ['pool'], task)
    const parts: ops.FloatTensor[] = []
    for await (const outputs of runImages(list, ofWholeImages(this.model), this.processor, options)) {
      const { lastHiddenState, poolerOutput } = outputs.visionModelOutput ?? outputs
      const features = options.pool ? poolerOutput : lastHiddenState
      if (!features) {
        const expected = options.pool ? 'a pooled output (or the option pool: false)' : 'features'
        throw invalid('TASK_UNSUPPORTED', `${task}: model`, expected, 'none')
      }
      parts.push(features)
    }
    return TensorOutput.of(ops.concat(parts), options.signal)
  }
}

/** A masked autoencoder hides patches at random; features are those of all patches. */
function ofWholeImages(model: ImageModel): Pick<ImageModel, 'run'> {
  if (!(model instanceof Mae)) return model
  return { run: (inputs, options) => model.run(inputs, { ...options, maskRatio: 0 }) }
}
