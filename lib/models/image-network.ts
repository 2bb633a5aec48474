// What networks have in common that take images of any size and return feature maps, pooled vectors and classes.

import { invalid } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import * as ops from '../ops/index.js'
import { checkFlags, checkOptions } from '../options.js'
import { checkInputNames } from './input-names.js'
import { Model } from './model.js'
import { checkBatch } from './pixels.js'
import { tensorsOf } from './results.js'
import type { StatesOptions } from './run-options.js'

export type ImageNetworkOptions = Omit<StatesOptions, 'attentions'>

/** Feature maps are [B, C, H, W], and token vectors [B, N, C]. */
export interface ImageNetworkOutputs {
  /** float32 [B, classes]; undefined without a classifier. */
  readonly logits?: ops.FloatTensor | undefined
  /** float32: features before the pooling. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, C]: input of the classifier. */
  readonly poolerOutput: ops.FloatTensor
  /** float32 each: outputs of the stem, then of the stages. */
  readonly hiddenStates?: readonly ops.FloatTensor[] | undefined
}

/** All intermediate results of a forward pass. Feature maps are channels-last, [B, H, W, C]. */
export interface ImageTrace {
  readonly stem: ops.FloatTensor
  readonly stages: readonly ops.FloatTensor[]
  readonly features: ops.FloatTensor
  /** Input of the classifier. */
  readonly preLogits: ops.FloatTensor
  readonly logits: ops.FloatTensor | undefined
}

/** The images that a network takes. */
export interface ImageNetworkInput {
  readonly channels: number
  /** Length of the shortest side. */
  readonly smallest: number
  /** Height and width, if only images of this size are taken. */
  readonly size?: readonly [number, number] | undefined
}

/** A network that takes images. A family says what its forward pass is. */
export abstract class ImageNetwork<Trace extends ImageTrace = ImageTrace> extends Model {
  protected abstract readonly input: ImageNetworkInput

  /** @param images float32 [B, H, W, C], checked */
  protected abstract forward(images: ops.FloatTensor): Trace

  /**
   * @param inputs.pixelValues float32 [B, C, H, W], as image processors return them
   * @throws INPUT_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED
   */
  async run(
    inputs: { readonly pixelValues: ops.FloatTensor },
    options: ImageNetworkOptions = {},
  ): Promise<ImageNetworkOutputs> {
    this.checkAlive()
    const what = `${this.constructor.name}.run`
    checkInputNames(inputs, ['pixelValues'], what)
    checkOptions(options, ['hiddenStates', 'signal', 'threads'], what)
    checkFlags(options, ['hiddenStates'], what)
    const { hiddenStates: withHiddenStates, ...run } = options
    const { stem, stages, features, preLogits, logits } = this.trace(inputs.pixelValues)
    const hiddenStates = withHiddenStates ? [stem, ...stages].map(channelsFirst) : undefined
    const outputs = {
      logits,
      lastHiddenState: channelsFirst(features),
      poolerOutput: preLogits,
      hiddenStates,
    }
    await this.compute(tensorsOf(outputs), run)
    return outputs
  }

  /** The forward pass with all intermediate results, lazy. */
  trace(pixelValues: ops.FloatTensor): Trace {
    return this.forward(checkImages(pixelValues, this.input))
  }
}

/**
 * Checks images float32 [B, C, H, W].
 * @returns them as [B, H, W, C]
 * @throws INPUT_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH
 */
export function checkImages(
  pixels: ops.FloatTensor,
  { channels, smallest, size }: ImageNetworkInput,
): ops.FloatTensor {
  const [, ...given] = checkBatch(pixels, channels, [smallest, smallest])
  if (size?.some((length, axis) => length !== given[axis]))
    throw invalid('SHAPE_MISMATCH', 'pixelValues', `images of ${size.join('x')}`, formatShape(pixels.shape))
  return ops.permute(pixels, [0, 2, 3, 1])
}

/** A view of feature maps [B, H, W, C] as [B, C, H, W], the layout of the libraries' results. Other tensors stay. */
export function channelsFirst(x: ops.FloatTensor): ops.FloatTensor {
  return x.rank === 4 ? ops.permute(x, [0, 3, 1, 2]) : x
}
