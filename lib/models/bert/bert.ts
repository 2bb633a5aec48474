import { invalid } from '../../errors.js'
import type { GenerationOptions, GivenOptions } from '../../generation/options.js'
import { textPrompt } from '../../generation/prompt.js'
import type { GenerationInput } from '../../generation/run.js'
import type { AttentionCall } from '../../nn/attention.js'
import type { TokenIds } from '../../nn/embedding.js'
import { causalCall, paddingMask } from '../../nn/mask.js'
import { requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { GenerativeModel } from '../generative.js'
import { checkInputNames } from '../input-names.js'
import type { ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions, statesOf } from '../run-options.js'
import { generates } from './config.js'
import { BertDecoder } from './decoder.js'
import {
  type BertEncoderStates,
  type BertInputs,
  type BertPrompts,
  checkInputs,
  flattenChoices,
  inputNames,
  promptNames,
} from './inputs.js'
import type { BertModules } from './modules.js'

/** Results of {@link Bert.run}: float32, computed. Which logits there are depends on the checkpoint's class. */
export interface BertOutput extends States {
  /** [B, N, width]. */
  readonly lastHiddenState: ops.FloatTensor
  /** [B, width], if the checkpoint has a pooler. */
  readonly poolerOutput?: ops.FloatTensor
  /** Masked language: [B, N, vocabulary]; tokens: [B, N, labels]; texts: [B, labels]; choices: [B, choices]. */
  readonly logits?: ops.FloatTensor
  /** BertForPreTraining: [B, N, vocabulary] and [B, 2]. */
  readonly predictionLogits?: ops.FloatTensor
  readonly seqRelationshipLogits?: ops.FloatTensor
  /** BertForQuestionAnswering: [B, N]. */
  readonly startLogits?: ops.FloatTensor
  readonly endLogits?: ops.FloatTensor
  /** Of each layer to the states of another encoder: [B, heads, N, S]. */
  readonly crossAttentions?: readonly ops.FloatTensor[]
}

/**
 * BERT (Devlin et al. 2018), with the head of the class that published the checkpoint: an encoder, or, where the config has
 * is_decoder, a decoder. BertLMHeadModel as a decoder generates text.
 */
export class Bert extends GenerativeModel<BertPrompts> {
  readonly #modules: BertModules

  /** Use load(). */
  constructor(parts: ModelParts, modules: BertModules, defaults: GivenOptions) {
    super(parts, defaults)
    this.#modules = modules
  }

  /**
   * Encodes texts. BertForMultipleChoice takes [B, choices, N]; its hidden states have B * choices rows.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, DISPOSED, ABORTED
   */
  async run(inputs: BertInputs, options: StatesOptions = {}): Promise<BertOutput> {
    this.checkAlive()
    checkInputNames(inputs, inputNames, 'Bert.run')
    checkStatesOptions(options, 'Bert.run')
    requireTensor(inputs.inputIds, 'inputIds')
    const choices = this.#modules.config.className === 'BertForMultipleChoice'
    const rows = choices ? flattenChoices(inputs) : inputs
    await checkInputs(rows, this.#modules.config)
    const result = this.#forward(rows, options)
    const output = choices ? unflattenLogits(result, inputs.inputIds) : result
    await this.compute(tensorsOf(output), options)
    return output
  }

  #forward(inputs: BertInputs, options: StatesOptions): BertOutput {
    const { encoder, pooler, head } = this.#modules
    const { attentions: weights = false } = options
    const { memory, mask } = this.#memory(inputs)
    const encoded = encoder.forward(inputs, {
      self: { ...this.#selfCall(inputs), weights },
      cross: { mask, weights },
      memory,
    })
    const first = ops.select(encoded.last, 1, 0) as ops.FloatTensor
    const pooled = pooler && ops.tanh(pooler.forward(first))
    return {
      lastHiddenState: encoded.last,
      ...(pooled && { poolerOutput: pooled }),
      ...head({ sequence: encoded.last, pooled }),
      ...statesOf(encoded, options),
      ...(weights && memory && { crossAttentions: [...encoded.crossAttentions.values()] }),
    }
  }

  #selfCall({ attentionMask }: BertInputs): AttentionCall {
    if (this.#modules.config.causal) return causalCall(attentionMask)
    return { mask: attentionMask && paddingMask(attentionMask) }
  }

  #memory({ encoderHiddenStates, encoderAttentionMask }: BertEncoderStates) {
    return {
      memory: encoderHiddenStates && this.#modules.encoder.project(encoderHiddenStates),
      mask: encoderAttentionMask && paddingMask(encoderAttentionMask),
    }
  }

  override async begin(inputs: BertPrompts, options: GenerationOptions): Promise<GenerationInput> {
    const { config } = this.#modules
    if (!generates(config)) throw this.headless()
    checkInputNames(inputs, promptNames, 'the model')
    const { inputIds, attentionMask, tokenTypeIds } = inputs
    await checkInputs(inputs, config)
    if (tokenTypeIds && (await tokenTypeIds.data()).some((type) => Number(type) !== 0))
      throw invalid('INPUT_INVALID', 'tokenTypeIds', 'zeros, the type of generated tokens', 'other types')
    const prompt = await textPrompt(inputIds, attentionMask, options)
    const { memory: layers, mask } = this.#memory(inputs)
    const memory = layers && { layers, mask, ids: () => Promise.resolve(prompt.ids) }
    return { decoder: new BertDecoder(this.#modules, memory), prompt }
  }
}

function unflattenLogits(output: BertOutput, { shape }: TokenIds): BertOutput {
  return { ...output, logits: ops.reshape(output.logits!, [shape[0]!, shape[1]!]) as ops.FloatTensor }
}
