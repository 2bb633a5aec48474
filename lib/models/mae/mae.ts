import { invalid } from '../../errors.js'
import { formatShape, sizesOf } from '../../graph/shape.js'
import { runStack } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import { checkOptions } from '../../options.js'
import type { Tensor } from '../../tensor/tensor.js'
import { checkInputNames } from '../input-names.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions, statesOf } from '../run-options.js'
import { gridOf } from '../vit/grid.js'
import { checkPixels } from '../vit/inputs.js'
import { type Masking, maskPatches } from './masking.js'
import type { MaeModules } from './modules.js'
import { patchify, statisticsOf, unpatchify } from './patches.js'
import { checkMaskRatio, type MaeSpec } from './spec.js'

/** Inputs of a masked autoencoder. */
export interface MaeInputs {
  /** float32 [batch, channels, height, width], as image processors return them. */
  readonly pixelValues: ops.FloatTensor
  /** float32 [batch, patches]: of each image, the patches with the largest numbers are hidden. Default: random. */
  readonly noise?: ops.FloatTensor | undefined
}

/** Options of `Mae.run`. */
export interface MaeOptions extends StatesOptions {
  /** Part of the patches that is hidden, 0 to below 1. Default: that of the config. */
  readonly maskRatio?: number | undefined
  /** Accept images of other sizes and resize the position embeddings. Default false. */
  readonly interpolatePositions?: boolean | undefined
}

/** Results of a masked autoencoder. Hidden states and attention weights are those of the encoder. */
export interface MaeOutput extends States {
  /** float32 [B, 1 + visible, width]: the encoder's tokens after its norm, first the class token. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, width]: the class token. */
  readonly poolerOutput: ops.FloatTensor
  /** float32 [B, patches]: 1 where a patch is hidden. */
  readonly mask: ops.FloatTensor
  /** int32 [B, patches]: the place of each patch among the visible ones, in the encoder's order, then the hidden ones. */
  readonly idsRestore: Tensor<'int32'>
  /** float32 [B, patches, height * width * channels]: the predicted pixels of each patch, rows of pixels, channels last. */
  readonly logits?: ops.FloatTensor
  /** float32 []: mean squared error of the pixels of hidden patches. NaN if none is hidden. */
  readonly loss?: ops.FloatTensor
}

/** Results of `Mae.reconstruct`. Pixels are in the units of `pixelValues`. */
export interface MaeReconstruction {
  /** float32 [B, channels, height, width]: hidden patches as predicted, the others as given. */
  readonly reconstruction: ops.FloatTensor
  /** float32 [B, channels, height, width]: what the model saw; hidden patches are 0, the mean color of its training. */
  readonly masked: ops.FloatTensor
  /** float32 [B, patches]: 1 where a patch is hidden. */
  readonly mask: ops.FloatTensor
}

const optionNames = ['interpolatePositions']

/** A masked autoencoder (He et al. 2022): the encoder sees some patches of an image, the decoder predicts the others. */
export class Mae extends Model {
  readonly spec: MaeSpec
  readonly modules: MaeModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: MaeSpec, modules: MaeModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  /**
   * Hides patches and runs the encoder, and the decoder if the model has one.
   * @throws INPUT_INVALID, DTYPE_MISMATCH, SHAPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED
   */
  async run(inputs: MaeInputs, options: MaeOptions = {}): Promise<MaeOutput> {
    const pixels = this.#check(inputs, options, 'Mae.run')
    const masking = await this.#hide(pixels, inputs.noise, options)
    const output = this.#forward(pixels, masking, options)
    await this.compute(tensorsOf(output), options)
    return output
  }

  /**
   * Predicts the hidden patches of images. `ImageProcessor.toImages` makes pictures of the results. A model of normalised
   * pixels gets mean and deviation of each hidden patch from the image.
   * @throws TASK_UNSUPPORTED for an encoder alone; the errors of {@link run}
   */
  async reconstruct(
    inputs: MaeInputs,
    options: Omit<MaeOptions, keyof StatesOptions> & Pick<MaeOptions, 'signal' | 'threads'> = {},
  ): Promise<MaeReconstruction> {
    const pixels = this.#check(inputs, options, 'Mae.reconstruct')
    const { decoder, encoder } = this.spec
    if (!decoder)
      throw invalid('TASK_UNSUPPORTED', 'Mae.reconstruct', 'a model with a decoder', 'an encoder alone')
    const masking = await this.#hide(pixels, inputs.noise, options)
    const { logits } = this.#forward(pixels, masking, options)
    const given = patchify(pixels, encoder.patch)
    const hidden: Tensor<'bool'> = ops.cast(ops.unsqueeze(masking.mask, -1) as Tensor, 'bool')
    const images = (patches: ops.FloatTensor) =>
      unpatchify(patches, gridOfPixels(pixels, encoder.patch), encoder.patch)
    const result = {
      reconstruction: images(ops.where(hidden, this.#pixelsOf(logits!, given), given)),
      masked: images(ops.where(hidden, 0, given)),
      mask: masking.mask,
    }
    await this.compute(tensorsOf(result), options)
    return result
  }

  #check(inputs: MaeInputs, options: MaeOptions, what: string): ops.FloatTensor {
    this.checkAlive()
    checkInputNames(inputs, ['pixelValues', 'noise'], what)
    const { maskRatio, ...rest } = checkOptions(
      options,
      [...optionNames, 'maskRatio', 'hiddenStates', 'attentions', 'signal', 'threads'],
      what,
    )
    checkStatesOptions(rest, what, optionNames)
    if (maskRatio !== undefined) checkMaskRatio(maskRatio, `${what}: maskRatio`, 'OPTION_INVALID')
    const { encoder, decoder } = this.spec
    const pixels = checkPixels(encoder, inputs.pixelValues, options.interpolatePositions ?? false)
    const [height, width] = sizesOf(pixels.shape.slice(2), 2)
    if (decoder && (height % encoder.patch[0] !== 0 || width % encoder.patch[1] !== 0))
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `whole patches of ${encoder.patch.join('x')}`,
        formatShape(pixels.shape),
      )
    return pixels
  }

  #hide(
    pixels: ops.FloatTensor,
    noise: ops.FloatTensor | undefined,
    { maskRatio }: MaeOptions,
  ): Promise<Masking> {
    const [rows, columns] = gridOfPixels(pixels, this.spec.encoder.patch)
    return maskPatches(noise, [pixels.shape[0]!, rows * columns], maskRatio ?? this.spec.maskRatio)
  }

  #forward(pixels: ops.FloatTensor, masking: Masking, options: MaeOptions): MaeOutput {
    const { encoder, decoder } = this.modules
    const { interpolatePositions = false, attentions: weights } = options
    const tokens = encoder.embedding.forward(pixels, interpolatePositions, undefined, masking.visible)
    const stack = runStack(encoder.layers, tokens, { self: { weights } })
    const last = encoder.norm!.forward(stack.last)
    const { mask, idsRestore } = masking
    const logits = decoder?.forward(last, masking)
    return {
      lastHiddenState: last,
      poolerOutput: ops.select(last, 1, 0),
      ...{ mask, idsRestore },
      ...(logits && { logits, loss: this.#loss(logits, pixels, mask) }),
      ...statesOf(stack, options),
    }
  }

  #loss(logits: ops.FloatTensor, pixels: ops.FloatTensor, mask: ops.FloatTensor): ops.FloatTensor {
    const given = patchify(pixels, this.spec.encoder.patch)
    const error = ops.mean(ops.square(ops.sub(logits, this.#targetOf(given))), -1)
    return ops.div(ops.sum(ops.mul(error, mask)), ops.sum(mask))
  }

  /** What the decoder is to predict for patches of an image. */
  #targetOf(patches: ops.FloatTensor): ops.FloatTensor {
    if (!this.spec.decoder!.normalizedPixels) return patches
    const { mean, deviation } = statisticsOf(patches)
    return ops.div(ops.sub(patches, mean), deviation)
  }

  /** The pixels of predictions. */
  #pixelsOf(logits: ops.FloatTensor, patches: ops.FloatTensor): ops.FloatTensor {
    if (!this.spec.decoder!.normalizedPixels) return logits
    const { mean, deviation } = statisticsOf(patches)
    return ops.add(ops.mul(logits, deviation), mean)
  }
}

function gridOfPixels(
  pixels: ops.FloatTensor,
  patch: MaeSpec['encoder']['patch'],
): readonly [number, number] {
  const [, , height, width] = sizesOf(pixels.shape, 4)
  return gridOf([height, width], patch)
}
