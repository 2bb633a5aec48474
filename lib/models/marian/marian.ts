import { SaccadeError } from '../../errors.js'
import type { GenerationResult } from '../../generation/generate.js'
import { causalCall, paddingMask } from '../../nn/mask.js'
import type * as ops from '../../ops/index.js'
import { openSession } from '../../runtime/session.js'
import type { GivenOptions } from '../generation.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import type { MarianConfig } from './config.js'
import { decode, encode, projectMemory } from './forward.js'
import { type MarianGenerateOptions, type Writer, write } from './generate.js'
import { checkInputs, checkSource, type MarianInputs, type MarianSource } from './inputs.js'
import type { MarianModules } from './modules.js'

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
export class Marian extends Model {
  readonly #config: MarianConfig
  readonly #modules: MarianModules
  /** How the model generates unless told otherwise. */
  readonly defaults: GivenOptions

  /** Use load(). */
  constructor(parts: ModelParts, config: MarianConfig, modules: MarianModules, defaults: GivenOptions) {
    super(parts)
    this.#config = config
    this.#modules = modules
    this.defaults = defaults
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
      ...(attentions && { attentions: [...encoded.attentions.values()] }),
    }
    await this.compute(tensorsOf(output), options)
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
    await this.compute(tensorsOf(output), options)
    return output
  }

  #forward(inputs: MarianInputs, { hiddenStates, attentions = false }: StatesOptions): MarianOutput {
    const { inputIds, attentionMask, decoderInputIds, decoderAttentionMask } = inputs
    const sourceMask = attentionMask && paddingMask(attentionMask)
    const encoded = encode(this.#modules, inputIds, { mask: sourceMask, weights: attentions })
    const decoded = decode(this.#modules, {
      ids: decoderInputIds,
      memory: projectMemory(this.#modules, encoded.last),
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

  /**
   * Writes a target for each source: greedy, sampled, or by beam search.
   * @returns token ids, from the start token on; rows that ended are filled with padding
   * @throws as {@link Marian.encode}; TEXT_TOO_LONG for a target longer than the model has positions; TASK_UNSUPPORTED
   *   for a MarianModel, which has no head
   */
  async generate(source: MarianSource, options: MarianGenerateOptions = {}): Promise<GenerationResult> {
    await this.#checkGenerating(source)
    const { threads, ...given } = options
    return write(this.writer(threads), source, given, this.defaults)
  }

  async #checkGenerating(source: MarianSource): Promise<void> {
    this.checkAlive()
    if (!this.#modules.head)
      throw new SaccadeError(
        'TASK_UNSUPPORTED',
        `${this.checkpoint.path}: MarianModel has no head to write with`,
      )
    await checkSource(source, this.#config)
  }

  /** What is needed to generate. */
  writer(threads = this.session.threads): Writer {
    const session = openSession({ ...this.session, threads })
    return {
      modules: this.#modules,
      config: this.#config,
      compute: (tensors, signal) => this.compute(tensors, { threads, signal }),
      session,
    }
  }
}
