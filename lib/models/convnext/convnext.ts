import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import { activation } from '../../nn/activation.js'
import { Convolution } from '../../nn/convolution.js'
import type { Linear } from '../../nn/linear.js'
import { requireFloat } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { checkOptions } from '../../options.js'
import type { WeightReader } from '../../weights/reader.js'
import { Model, type ModelParts, type NamedTensors, type ReferenceCall } from '../model.js'
import { Block, type Norm, readNorm, readPointwise } from './block.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

export interface ConvNextOptions {
  /** Also give the stem's output and each stage's. */
  readonly hiddenStates?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly threads?: number | undefined
}

export interface ConvNextOutputs {
  /** float32 [B, classes]; undefined without a classifier. */
  readonly logits?: ops.FloatTensor | undefined
  /** float32 [B, C, H, W]: the last stage. */
  readonly lastHiddenState: ops.FloatTensor
  /** float32 [B, C]: what the classifier sees. */
  readonly poolerOutput: ops.FloatTensor
  /** float32 [B, C, H, W] each: the stem, then the stages. */
  readonly hiddenStates?: readonly ops.FloatTensor[] | undefined
}

/** Everything a forward pass names; images are channels-last, [B, H, W, C]. */
export interface ConvNextTrace {
  readonly stem: ops.FloatTensor
  /** What goes into each stage, after its downsampling. */
  readonly downsampled: readonly ops.FloatTensor[]
  readonly stages: readonly ops.FloatTensor[]
  /** The last stage, after a norm that comes before pooling. */
  readonly features: ops.FloatTensor
  /** [B, C] before the norm that comes after pooling. */
  readonly pooled: ops.FloatTensor
  readonly preLogits: ops.FloatTensor
  readonly logits: ops.FloatTensor | undefined
}

/** Names the results of a pass as a library does. */
export type ConvNextReference = (trace: ConvNextTrace) => NamedTensors

/** ConvNeXt (Liu et al. 2022) and ConvNeXt V2 (Woo et al. 2023), from any layout. */
export class ConvNext extends Model {
  readonly spec: ConvNextSpec
  readonly #stem: readonly Convolution[]
  readonly #stemNorm: Norm
  readonly #stages: readonly {
    readonly norm?: Norm
    readonly convolution?: Convolution
    readonly blocks: readonly Block[]
  }[]
  readonly #headNorm: Norm | undefined
  readonly #hidden: Linear | undefined
  readonly #classifier: Linear | undefined
  readonly #reference: ConvNextReference

  constructor(
    parts: ModelParts,
    reader: WeightReader,
    spec: ConvNextSpec,
    names: ConvNextNames,
    reference: ConvNextReference,
  ) {
    super(parts)
    this.spec = spec
    this.#reference = reference
    const { stages, head, epsilon, convBias } = spec
    const width = stages[stages.length - 1]!.width
    this.#stem = readStem(reader, names, spec)
    this.#stemNorm = readNorm(reader, names.stem[names.stem.length - 1]!, stages[0]!.width, spec, epsilon)
    this.#stages = stages.map((stage, index) => {
      const blocks = Array.from(
        { length: stage.depth },
        (_, block) => new Block(reader, names.block(index, block), spec, stage),
      )
      if (stage.downsample === undefined) return { blocks }
      const inputs = stages[Math.max(0, index - 1)]!.width
      const { norm, convolution } = names.downsample(index)
      const shape = { inputs, outputs: stage.width, kernel: stage.downsample, bias: convBias }
      return {
        norm: readNorm(reader, norm, inputs, spec, epsilon),
        convolution: Convolution.read(reader, convolution, shape, { stride: stage.downsample }),
        blocks,
      }
    })
    this.#headNorm =
      head.norm === 'none' ? undefined : readNorm(reader, names.headNorm, width, spec, head.epsilon)
    this.#hidden =
      head.hidden === undefined ? undefined : readPointwise(reader, names.headHidden, width, head.hidden)
    this.#classifier =
      head.classes > 0
        ? readPointwise(reader, names.classifier, head.hidden ?? width, head.classes)
        : undefined
  }

  /**
   * @param inputs.pixelValues float32 [B, C, H, W], at least as large as the network shrinks pictures
   * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, EMPTY_BATCH, OPTION_UNKNOWN, ABORTED, DISPOSED
   */
  async run(
    { pixelValues }: { readonly pixelValues: ops.FloatTensor },
    options: ConvNextOptions = {},
  ): Promise<ConvNextOutputs> {
    this.checkAlive()
    checkOptions(options, ['hiddenStates', 'signal', 'threads'], 'ConvNext.run')
    const { hiddenStates: wanted, ...run } = options
    const trace = this.trace(pixelValues)
    const lastHiddenState = channelsFirst(trace.features)
    const hiddenStates = wanted ? [trace.stem, ...trace.stages].map(channelsFirst) : undefined
    const outputs = { logits: trace.logits, lastHiddenState, poolerOutput: trace.preLogits, hiddenStates }
    await this.compute([outputs.logits, lastHiddenState, outputs.poolerOutput, ...(hiddenStates ?? [])], run)
    return outputs
  }

  /** The whole pass, lazy. */
  trace(pixelValues: ops.FloatTensor): ConvNextTrace {
    this.#check(pixelValues)
    const { spec } = this
    let x: ops.FloatTensor = ops.permute(pixelValues, [0, 2, 3, 1])
    this.#stem.forEach((convolution, index) => {
      x = convolution.forward(x)
      if (spec.stem.kind === 'overlap-activation' && index === 0) x = activation(spec.activation)(x)
    })
    const stem = this.#stemNorm.forward(x)
    x = stem
    const downsampled: ops.FloatTensor[] = []
    const stages: ops.FloatTensor[] = []
    for (const { norm, convolution, blocks } of this.#stages) {
      if (norm && convolution) x = convolution.forward(norm.forward(x))
      downsampled.push(x)
      for (const block of blocks) x = block.forward(x)
      stages.push(x)
    }
    const before = spec.head.norm === 'before-pool'
    const features = before ? this.#headNorm!.forward(x) : x
    const pooled = this.#pool(features)
    const normed = spec.head.norm === 'after-pool' ? this.#headNorm!.forward(pooled) : pooled
    const preLogits = this.#hidden ? ops.gelu(this.#hidden.forward(normed)) : normed
    return {
      stem,
      downsampled,
      stages,
      features,
      pooled,
      preLogits,
      logits: this.#classifier?.forward(preLogits),
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
    const least = stages.reduce((size, { downsample = 1 }) => size * downsample, stem.patch)
    if (Math.min(pixels.shape[2]!, pixels.shape[3]!) < least)
      throw invalid(
        'SHAPE_MISMATCH',
        'pixelValues',
        `images of at least ${least}x${least}`,
        formatShape(pixels.shape),
      )
  }

  async reference({ inputs }: ReferenceCall): Promise<NamedTensors> {
    this.checkAlive()
    return this.#reference(this.trace(inputs.pixel_values as ops.FloatTensor))
  }
}

/** [B, H, W, C] seen as [B, C, H, W], as libraries give features. */
export function channelsFirst(x: ops.FloatTensor): ops.FloatTensor {
  return ops.permute(x, [0, 3, 1, 2])
}

function readStem(reader: WeightReader, names: ConvNextNames, spec: ConvNextSpec): Convolution[] {
  const { stem, channels, convBias: bias } = spec
  const { width } = spec.stages[0]!
  if (stem.kind === 'patch') {
    const shape = { inputs: channels, outputs: width, kernel: stem.patch, bias }
    return [Convolution.read(reader, names.stem[0]!, shape, { stride: stem.patch })]
  }
  const options = { stride: 2, padding: 1 }
  const first = { inputs: channels, outputs: stem.middle, kernel: 3, bias }
  const second = { inputs: stem.middle, outputs: width, kernel: 3, bias }
  return [
    Convolution.read(reader, names.stem[0]!, first, options),
    Convolution.read(reader, names.stem[1]!, second, options),
  ]
}
