import type { GenerationOptions, GivenOptions } from '../../generation/options.js'
import { impliedMask, targetPrompt, unpaddedIds } from '../../generation/prompt.js'
import type { GenerationInput } from '../../generation/run.js'
import { sizesOf } from '../../graph/shape.js'
import type { AttentionCall } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import { causalCall, paddingMask } from '../../nn/mask.js'
import { projectMemory, runStack, type StackResult } from '../../nn/stack.js'
import type * as ops from '../../ops/index.js'
import { GenerativeModel } from '../generative.js'
import { checkInputNames } from '../input-names.js'
import type { ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import type { MarianConfig } from './config.js'
import { MarianDecoder } from './decoder.js'
import {
  checkInputs,
  checkSource,
  type MarianGenerateInputs,
  type MarianInputs,
  type MarianSource,
  sourceNames,
} from './inputs.js'
import { embed, type MarianModules } from './modules.js'

/** Output of the encoder: float32, computed. */
export interface MarianEncoded {
  /** [B, S, width]. */
  readonly lastHiddenState: ops.FloatTensor
  /** The embeddings, then the output of each layer. */
  readonly hiddenStates?: readonly ops.FloatTensor[]
  /** Of each layer: [B, heads, S, S]. */
  readonly attentions?: readonly ops.FloatTensor[]
}

/** Results of {@link Marian.run}: float32, computed. */
export interface MarianOutput {
  /** [B, T, vocabulary]: position i has the logits of token i + 1. undefined for MarianModel, which has no head. */
  readonly logits?: ops.FloatTensor
  /** Output of the decoder, [B, T, width]. */
  readonly lastHiddenState: ops.FloatTensor
  /** [B, S, width]. */
  readonly encoderLastHiddenState: ops.FloatTensor
  /** The embeddings, then each layer's output. */
  readonly encoderHiddenStates?: readonly ops.FloatTensor[]
  readonly decoderHiddenStates?: readonly ops.FloatTensor[]
  /** Of each layer: [B, heads, S, S]. */
  readonly encoderAttentions?: readonly ops.FloatTensor[]
  /** Of each layer: [B, heads, T, T]. */
  readonly decoderAttentions?: readonly ops.FloatTensor[]
  /** Of each decoder layer to the source: [B, heads, T, S]. */
  readonly crossAttentions?: readonly ops.FloatTensor[]
}

/** Marian, an encoder-decoder Transformer for translation (Junczys-Dowmunt et al. 2018), as in transformers. */
export class Marian extends GenerativeModel<MarianGenerateInputs> {
  readonly #config: MarianConfig
  readonly #modules: MarianModules

  /** Use load(). */
  constructor(parts: ModelParts, config: MarianConfig, modules: MarianModules, defaults: GivenOptions) {
    super(parts, defaults)
    this.#config = config
    this.#modules = modules
  }

  /**
   * Encodes source texts.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, DISPOSED, ABORTED
   */
  async encode(source: MarianSource, options: StatesOptions = {}): Promise<MarianEncoded> {
    this.checkAlive()
    checkStatesOptions(options, 'Marian.encode')
    await checkSource(source, this.#config)
    const { hiddenStates, attentions = false } = options
    const mask = source.attentionMask && paddingMask(source.attentionMask)
    const encoded = this.#encode(source.inputIds, { mask, weights: attentions })
    const output: MarianEncoded = {
      lastHiddenState: encoded.last,
      ...(hiddenStates && { hiddenStates: encoded.hiddenStates }),
      ...(attentions && { attentions: [...encoded.attentions.values()] }),
    }
    await this.compute(tensorsOf(output), options)
    return output
  }

  /**
   * Encodes source texts and scores targets, all positions at once.
   * @throws as {@link Marian.encode}
   */
  async run(inputs: MarianInputs, options: StatesOptions = {}): Promise<MarianOutput> {
    this.checkAlive()
    checkStatesOptions(options, 'Marian.run')
    await checkInputs(inputs, this.#config)
    const output = this.#forward(inputs, options)
    await this.compute(tensorsOf(output), options)
    return output
  }

  #encode(inputIds: TokenIds, self: AttentionCall): StackResult {
    return runStack(this.#modules.encoder, embed(this.#modules.source, inputIds), { self })
  }

  #forward(inputs: MarianInputs, { hiddenStates, attentions = false }: StatesOptions): MarianOutput {
    const { inputIds, attentionMask, decoderInputIds, decoderAttentionMask } = inputs
    const sourceMask = attentionMask && paddingMask(attentionMask)
    const encoded = this.#encode(inputIds, { mask: sourceMask, weights: attentions })
    const decoded = runStack(this.#modules.decoder, embed(this.#modules.target, decoderInputIds), {
      memory: projectMemory(this.#modules.decoder, encoded.last),
      self: { ...causalCall(decoderAttentionMask), weights: attentions },
      cross: { mask: sourceMask, weights: attentions },
    })
    return {
      ...(this.#modules.head && { logits: this.#modules.head.forward(decoded.last) }),
      lastHiddenState: decoded.last,
      encoderLastHiddenState: encoded.last,
      ...(hiddenStates && {
        encoderHiddenStates: encoded.hiddenStates,
        decoderHiddenStates: decoded.hiddenStates,
      }),
      ...(attentions && {
        encoderAttentions: [...encoded.attentions.values()],
        decoderAttentions: [...decoded.attentions.values()],
        crossAttentions: [...decoded.crossAttentions.values()],
      }),
    }
  }

  override async begin(inputs: MarianGenerateInputs, options: GenerationOptions): Promise<GenerationInput> {
    if (!this.#modules.head) throw this.headless()
    checkInputNames(inputs, [...sourceNames, 'decoderInputIds'], 'the model')
    const { decoderInputIds, ...source } = inputs
    await checkSource(source, this.#config)
    if (decoderInputIds !== undefined) await checkInputs({ ...source, decoderInputIds }, this.#config)
    const { inputIds, attentionMask = impliedMask(inputIds, options) } = source
    const mask = attentionMask && paddingMask(attentionMask)
    const { last } = this.#encode(inputIds, { mask })
    const layers = projectMemory(this.#modules.decoder, last)
    const memory = { layers, mask, ids: () => unpaddedIds(inputIds, attentionMask) }
    const decoder = new MarianDecoder(this.#modules, this.#config, memory)
    const [sources] = sizesOf(inputIds.shape, 2)
    return { decoder, prompt: await targetPrompt(sources, options, decoder.vocabSize, decoderInputIds) }
  }
}
