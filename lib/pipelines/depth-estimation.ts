import { invalid } from '../errors.js'
import type { ImageProcessor } from '../image/process.js'
import { type ImageInput, RawImage } from '../image/raw-image.js'
import * as ops from '../ops/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { type ImageCallOptions, type ImageModel, imageCall } from './base.js'
import { runPictures } from './pictures.js'
import { TensorOutput } from './tensor-output.js'

/** The depth of a picture. */
export interface DepthEstimate {
  /** float32 [height, width], of the size of the picture: of metric models meters, of others the inverse up to a factor. */
  readonly predicted_depth: TensorOutput
  /** The same in gray: 0 for the least, 255 for the most; all 0 where there is no difference. */
  readonly depth: RawImage
}

const task = 'depth-estimation'

/** Estimates the depth of each pixel. Resized to the picture (bicubic) as post_process_depth_estimation of transformers. */
export class DepthEstimation {
  readonly task = task
  readonly model: ImageModel
  readonly processor: ImageProcessor

  constructor(model: ImageModel, processor: ImageProcessor) {
    this.model = model
    this.processor = processor
  }

  /** Returns one result for one image, and a list for a list of images, which may differ in size. */
  async call(images: ImageInput, options?: ImageCallOptions): Promise<DepthEstimate>
  async call(images: readonly ImageInput[], options?: ImageCallOptions): Promise<DepthEstimate[]>
  async call(images: ImageInput | readonly ImageInput[], given: ImageCallOptions = {}) {
    const { list, single, options } = imageCall(images, given, [], task)
    const results: DepthEstimate[] = []
    for await (const { picture, outputs } of runPictures(list, this.model, this.processor, options)) {
      const { predictedDepth } = outputs
      if (!predictedDepth) throw invalid('TASK_UNSUPPORTED', `${task}: model`, 'a head of depth', 'none')
      const { width, height } = picture
      const bicubic = { mode: 'bicubic' } as const
      const tall = ops.resize(predictedDepth, 1, height, bicubic)
      const depth: ops.FloatTensor = ops.squeeze(ops.resize(tall, 2, width, bicubic), 0)
      const predicted_depth = await TensorOutput.of(depth, options.signal)
      const gray = await levels(depth).data({ signal: options.signal })
      results.push({ predicted_depth, depth: new RawImage(gray, width, height, 1) })
    }
    return single ? results[0]! : results
  }
}

/** 0 for the least, 255 for the most, cut to whole numbers as in the library; 0 for NaN, which no difference gives. */
function levels(depth: ops.FloatTensor): Tensor<'uint8'> {
  const least: ops.FloatTensor = ops.min(depth)
  const range: ops.FloatTensor = ops.sub(ops.max(depth), least)
  return ops.cast(ops.mul(ops.div(ops.sub(depth, least), range), 255), 'uint8')
}
