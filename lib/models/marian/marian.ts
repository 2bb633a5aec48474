import { SaccadeError } from '../../errors.js'
import { readGenerationDefaults } from '../../generation/config.js'
import type { GenerationOptions, GivenOptions } from '../../generation/options.js'
import { impliedMask, targetPrompt, unpaddedIds } from '../../generation/prompt.js'
import type { GenerationInput } from '../../generation/run.js'
import type { AttentionCall } from '../../nn/attention.js'
import { type Mask, paddingMask } from '../../nn/mask.js'
import type * as ops from '../../ops/index.js'
import { GenerativeModel } from '../generative.js'
import type { ModelParts, NamedTensors, ReferenceCall } from '../model.js'
import { withWeights } from '../open.js'
import { asked, fromLibrary, tensorsOf, toLibrary } from '../reference.js'
import { cachedRun, generatingRun, isCachedRun, isGeneratingRun } from '../reference-generation.js'
import type { Architecture } from '../registry.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import { type MarianConfig, readMarianConfig } from './config.js'
import { MarianDecoder } from './decoder.js'
import { decode, encode, projectMemory } from './forward.js'
import {
  checkInputs,
  checkSource,
  type MarianGenerateInputs,
  type MarianInputs,
  type MarianSource,
} from './inputs.js'
import { embed, type MarianModules, readModules } from './modules.js'

/** What the encoder makes of source texts: float32, computed. */
export interface MarianEncoded {
  /** [B, S, width]. */
  readonly lastHiddenState: ops.FloatTensor
  /** The embeddings, then each layer's output. */
  readonly hiddenStates?: readonly ops.FloatTensor[]
  /** Of each layer: [B, heads, S, S]. */
  readonly attentions?: readonly ops.FloatTensor[]
}

/** Results of {@link Marian.run}: float32, computed. */
export interface MarianOutput {
  /** [B, T, vocabulary]: place i decides token i + 1. MarianModel, which has no head, gives none. */
  readonly logits?: ops.FloatTensor
  /** What the decoder gives, [B, T, width]. */
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

/** Marian, an encoder-decoder Transformer for translation (Junczys-Dowmunt et al. 2018), as Hugging Face has it. */
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
   * Reads source texts.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, DISPOSED, ABORTED
   */
  async encode(source: MarianSource, options: StatesOptions = {}): Promise<MarianEncoded> {
    this.checkAlive()
    checkStatesOptions(options, 'Marian.encode')
    await checkSource(source, this.#config)
    const { hiddenStates, attentions = false } = options
    const mask = source.attentionMask && paddingMask(source.attentionMask)
    const encoded = encode(this.#modules, source.inputIds, { mask, weights: attentions })
    const output: MarianEncoded = {
      lastHiddenState: encoded.last,
      ...(hiddenStates && { hiddenStates: encoded.hiddenStates }),
      ...(attentions && { attentions: encoded.attentions }),
    }
    await this.compute(tensorsOf({ ...output }), options)
    return output
  }

  /**
   * Reads source texts and scores targets, all places at once.
   * @throws as {@link Marian.encode}
   */
  async run(inputs: MarianInputs, options: StatesOptions = {}): Promise<MarianOutput> {
    this.checkAlive()
    checkStatesOptions(options, 'Marian.run')
    await checkInputs(inputs, this.#config)
    const output = this.#forward(inputs, options)
    await this.compute(tensorsOf({ ...output }), options)
    return output
  }

  #forward(inputs: MarianInputs, { hiddenStates, attentions = false }: StatesOptions): MarianOutput {
    const { inputIds, attentionMask, decoderInputIds, decoderAttentionMask } = inputs
    const sourceMask = attentionMask && paddingMask(attentionMask)
    const encoded = encode(this.#modules, inputIds, { mask: sourceMask, weights: attentions })
    const decoded = decode(this.#modules, {
      embedded: embed(this.#modules.target, decoderInputIds),
      memory: projectMemory(this.#modules, encoded.last),
      self: { ...targetRestriction(decoderAttentionMask), weights: attentions },
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
        encoderAttentions: encoded.attentions,
        decoderAttentions: decoded.attentions,
        crossAttentions: decoded.crossAttentions,
      }),
    }
  }

  override async begin(
    { decoderInputIds, ...source }: MarianGenerateInputs,
    options: GenerationOptions,
  ): Promise<GenerationInput> {
    if (!this.#modules.head)
      throw new SaccadeError(
        'TASK_UNSUPPORTED',
        `${this.checkpoint.path}: MarianModel has no head to write with`,
      )
    await checkSource(source, this.#config)
    if (decoderInputIds) await checkInputs({ ...source, decoderInputIds }, this.#config)
    const { inputIds, attentionMask = impliedMask(inputIds, options) } = source
    const mask = attentionMask && paddingMask(attentionMask)
    const { last } = encode(this.#modules, inputIds, { mask })
    const layers = projectMemory(this.#modules, last)
    const memory = { layers, mask, ids: () => unpaddedIds(inputIds, attentionMask) }
    const decoder = new MarianDecoder(this.#modules, this.#config, memory)
    const [sources] = inputIds.shape as readonly number[] as [number]
    return { decoder, prompt: await targetPrompt(sources, options, decoder.vocabSize, decoderInputIds) }
  }

  override async reference(call: ReferenceCall): Promise<NamedTensors> {
    const inputs = fromLibrary(call.inputs) as unknown as MarianInputs
    if (isGeneratingRun(call)) return generatingRun(this, inputs, call)
    if (isCachedRun(call)) return cachedRun(this, inputs, inputs.decoderInputIds)
    return toLibrary({ ...(await this.run(inputs, asked(call.outputs))) })
  }
}

/** No place sees a later one, nor padding. */
function targetRestriction(mask: Mask | undefined): AttentionCall {
  return mask ? { mask: paddingMask(mask, { causal: true }) } : { causal: true }
}

export const marian: Architecture = {
  name: 'marian',
  published: ['transformers marian'],
  claims: ({ library, name }) => library === 'transformers' && name === 'marian',
  async open(request) {
    const config = readMarianConfig(request.config)
    const { startToken, padToken, endToken } = config
    const defaults = {
      ...{ decoderStartTokenId: startToken, padTokenId: padToken, eosTokenId: endToken },
      ...(await readGenerationDefaults(request.dir, request.config)),
    }
    return withWeights(request, {}, (reader, checkpoint) => {
      const modules = readModules(reader, config)
      const info = {
        architecture: 'marian',
        layout: `transformers ${config.className}`,
        tasks: modules.head ? ['translation', 'text2text-generation'] : [],
      }
      const parts = { info, checkpoint, config: request.config, settings: request.settings }
      return new Marian(parts, config, modules, defaults)
    })
  },
}
