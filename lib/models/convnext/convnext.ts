import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import { activation } from '../../nn/activation.js'
import { requireFloat, requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { checkFlags, checkOptions } from '../../options.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import type { ConvNextModules } from './modules.js'
import type { ConvNextSpec } from './spec.js'

export interface ConvNextOptions {
  /** Also return the outputs of the stem and of each stage. Default false. */
  readonly hiddenStates?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly threads?: number | undefined
}

export interface ConvNextOutputs {
  /** float32 [B, classes]; undefined without a classifier. */
  readonly logits?: ops.FloatTensor | undefined
  /** float32 [B, C, H, W]: output of the last stage. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, C]: input of the classifier. */
  readonly poolerOutput: ops.FloatTensor
  /** float32 [B, C, H, W] each: outputs of the stem, then of the stages. */
  readonly hiddenStates?: readonly ops.FloatTensor[] | undefined
}

/** All intermediate results of a forward pass. Images are channels-last, [B, H, W, C]. */
export interface ConvNextTrace {
  readonly stem: ops.FloatTensor
  /** Input of each stage's blocks, after its downsampling. */
  readonly downsampled: readonly ops.FloatTensor[]
  readonly stages: readonly ops.FloatTensor[]
  /** Output of the last stage; after the head's norm if that is before the pooling. */
  readonly features: ops.FloatTensor
  /** [B, C]: pooled features; before the head's norm if that is after the pooling. */
  readonly pooled: ops.FloatTensor
  readonly preLogits: ops.FloatTensor
  readonly logits: ops.FloatTensor | undefined
}

/** ConvNeXt (Liu et al. 2022) and ConvNeXt V2 (Woo et al. 2023). */
export class ConvNext extends Model {
  readonly spec: ConvNextSpec
  readonly modules: ConvNextModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: ConvNextSpec, modules: ConvNextModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  /**
   * @param inputs.pixelValues float32 [B, C, H, W], at least as large as the product of all strides
   * @throws INPUT_INVALID, SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, OPTION_INVALID, ABORTED, DISPOSED
   */
  async run(
    inputs: { readonly pixelValues: ops.FloatTensor },
    options: ConvNextOptions = {},
  ): Promise<ConvNextOutputs> {
    this.checkAlive()
    checkOptions(inputs, ['pixelValues'], 'ConvNext.run: inputs')
    checkOptions(options, ['hiddenStates', 'signal', 'threads'], 'ConvNext.run')
    checkFlags(options, ['hiddenStates'], 'ConvNext.run')
    const { hiddenStates: withHiddenStates, ...run } = options
    const trace = this.trace(inputs.pixelValues)
    const lastHiddenState = channelsFirst(trace.features)
    const hiddenStates = withHiddenStates ? [trace.stem, ...trace.stages].map(channelsFirst) : undefined
    const outputs = { logits: trace.logits, lastHiddenState, poolerOutput: trace.preLogits, hiddenStates }
    await this.compute(tensorsOf(outputs), run)
    return outputs
  }

  /** The forward pass with all intermediate results, lazy. */
  trace(pixelValues: ops.FloatTensor): ConvNextTrace {
    this.#check(pixelValues)
    const { spec, modules } = this
    let x: ops.FloatTensor = ops.permute(pixelValues, [0, 2, 3, 1])
    modules.stem.forEach((convolution, index) => {
      x = convolution.forward(x)
      if (spec.stem.kind === 'overlap-activation' && index === 0) x = activation(spec.activation)(x)
    })
    const stem = modules.stemNorm.forward(x)
    x = stem
    const downsampled: ops.FloatTensor[] = []
    const stages: ops.FloatTensor[] = []
    for (const { norm, convolution, blocks } of modules.stages) {
      if (norm && convolution) x = convolution.forward(norm.forward(x))
      downsampled.push(x)
      for (const block of blocks) x = block.forward(x)
      stages.push(x)
    }
    const before = spec.head.norm === 'before-pool'
    const features = before ? modules.headNorm!.forward(x) : x
    const pooled = this.#pool(features)
    const normed = spec.head.norm === 'after-pool' ? modules.headNorm!.forward(pooled) : pooled
    const preLogits = modules.hidden ? ops.gelu(modules.hidden.forward(normed)) : normed
    return {
      stem,
      downsampled,
      stages,
      features,
      pooled,
      preLogits,
      logits: modules.classifier?.forward(preLogits),
    }
  }

  #pool(x: ops.FloatTensor): ops.FloatTensor {
    const { pool } = this.spec.head
    if (pool === 'average') return ops.mean(x, [1, 2])
    if (pool === 'max') return ops.max(x, [1, 2])
    return ops.mul(ops.add(ops.mean(x, [1, 2]), ops.max(x, [1, 2])), 0.5)
  }

  #check(pixels: ops.FloatTensor): void {
    const { channels } = this.spec
    requireTensor(pixels, 'pixelValues')
    requireFloat(pixels, 'pixelValues')
    if (pixels.rank !== 4 || pixels.shape[1] !== channels)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `[batch, ${channels}, height, width]`,
        formatShape(pixels.shape),
      )
    if (pixels.shape[0] === 0)
      throw invalid('EMPTY_BATCH', 'pixelValues', 'at least one image', formatShape(pixels.shape))
    const { stem, stages } = this.spec
    const min = stages.reduce((size, { downsample = 1 }) => size * downsample, stem.patch)
    if (Math.min(pixels.shape[2]!, pixels.shape[3]!) < min)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `images of at least ${min}x${min}`,
        formatShape(pixels.shape),
      )
  }
}

/** A view of [B, H, W, C] as [B, C, H, W], the layout of the libraries' results. */
export function channelsFirst(x: ops.FloatTensor): ops.FloatTensor {
  return ops.permute(x, [0, 3, 1, 2])
}
