import { type Config, configInvalid, isSet, object, positiveInt } from '../../files/config.js'
import { runStages } from '../../nn/feature-maps.js'
import { Linear, parameter } from '../../nn/linear.js'
import { paddingMask } from '../../nn/mask.js'
import { globalPool } from '../../nn/pooling.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { type BertConfig, readBertConfig } from '../bert/config.js'
import { BertEncoder } from '../bert/encoder.js'
import {
  type ContrastiveInputs,
  ContrastiveModel,
  type ContrastiveOptions,
  type ContrastiveOutput,
  checkContrastive,
  contrast,
  type Projected,
} from '../contrastive.js'
import { readEfficientNetSpec } from '../efficientnet/config.js'
import { readEfficientNet } from '../efficientnet/modules.js'
import type { EfficientNetSpec } from '../efficientnet/spec.js'
import { channelsFirst, checkImages } from '../image-network.js'
import type { ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { statesOf } from '../run-options.js'
import { checkSizes } from '../sizes.js'
import { checkTexts, type TypedTextInputs, textInputNames, textsOf } from '../text-inputs.js'

/** Texts, images, or both. Tokens of texts may have types. */
export type AlignInputs = ContrastiveInputs & Pick<TypedTextInputs, 'tokenTypeIds'>

/** The parts of transformers' AlignConfig that change the computation. */
export interface AlignConfig {
  readonly text: BertConfig
  readonly image: EfficientNetSpec
  /** Width of the shared space. */
  readonly projection: number
}

/** Reads config.json, with the library's defaults. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function readAlignConfig(config: Config): AlignConfig {
  const [text, image] = [
    // The text model of the library knows no is_decoder.
    { ...readBertConfig(part(config, 'text_config'), undefined), causal: false, crossAttention: false },
    readEfficientNetSpec(part(config, 'vision_config'), false),
  ]
  const projection = positiveInt(config, 'projection_dim', 640)
  checkSizes(config.file, { width: projection })
  const features = image.blocks.at(-1)?.outputs ?? image.stem
  if (projection !== features)
    throw configInvalid(config, 'projection_dim', `${features}, the width of the image features`)
  return { text, image, projection }
}

function part(config: Config, key: string): Config {
  return isSet(config, key) ? object(config, key) : { ...config, values: {} }
}

export type AlignModules = ReturnType<typeof readAlign>

/** Reads the weights of transformers' AlignModel. */
export function readAlign(reader: WeightReader, { text, image, projection }: AlignConfig) {
  const texts = reader.scope('text_model')
  return {
    text: new BertEncoder(texts, text, []),
    pooler: Linear.read(texts, 'pooler.dense', text.width, text.width),
    projection: Linear.read(reader, 'text_projection', text.width, projection),
    image: readEfficientNet(reader.scope('vision_model'), image),
    /** float32 []: divides the cosine similarities. */
    temperature: parameter(reader, 'temperature', []),
  }
}

/** ALIGN (Jia et al. 2021): encodes texts by BERT and images by EfficientNet as vectors in one space, and compares them. */
export class Align extends ContrastiveModel {
  readonly #config: AlignConfig
  readonly #modules: AlignModules

  /** Use load(). */
  constructor(parts: ModelParts, config: AlignConfig, modules: AlignModules) {
    // Texts are padded to 64 tokens by AlignProcessor.
    const form = { length: Math.min(64, config.text.positions), padding: 'full', clean: 'none' } as const
    super(parts, { scale: ops.reciprocal(modules.temperature), scores: 'softmax' }, form)
    this.#config = config
    this.#modules = modules
  }

  /**
   * Encodes texts, images or both, and compares them. The vector of a text is projected from its class token.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, DISPOSED, ABORTED
   */
  async run(inputs: AlignInputs, options: ContrastiveOptions = {}): Promise<ContrastiveOutput> {
    this.checkAlive()
    checkContrastive(inputs, options, 'Align.run', [...textInputNames, 'tokenTypeIds', 'pixelValues'])
    const texts = textsOf(inputs)
    if (texts) await checkTexts(texts, this.#config.text)
    const text = texts && this.#encodeTexts(texts, options)
    const { pixelValues } = inputs
    const image = pixelValues === undefined ? undefined : this.#encodeImages(pixelValues, options)
    const output = contrast(text, image, this.similarity)
    await this.compute(tensorsOf(output), options)
    return output
  }

  #encodeTexts(texts: TypedTextInputs, options: ContrastiveOptions): Projected {
    const { text, pooler, projection } = this.#modules
    const mask = texts.attentionMask && paddingMask(texts.attentionMask)
    const stack = text.forward(texts, { self: { mask, weights: options.attentions } })
    const first = ops.select(stack.last, 1, 0) as ops.FloatTensor
    const poolerOutput: ops.FloatTensor = ops.tanh(pooler.forward(first))
    const output = { lastHiddenState: stack.last, poolerOutput, ...statesOf(stack, options) }
    return { output, features: projection.forward(first) }
  }

  #encodeImages(pixelValues: ops.FloatTensor, { hiddenStates }: ContrastiveOptions): Projected {
    const { channels, pooling } = this.#config.image
    const { stem, blocks } = this.#modules.image
    const first = stem.forward(checkImages(pixelValues, { channels, smallest: 1 }))
    const { stages, last } = runStages(blocks, first)
    const pooled = globalPool(last, pooling)
    const states = hiddenStates && { hiddenStates: [first, ...stages].map(channelsFirst) }
    return {
      output: { lastHiddenState: channelsFirst(last), poolerOutput: pooled, ...states },
      features: pooled,
    }
  }
}
