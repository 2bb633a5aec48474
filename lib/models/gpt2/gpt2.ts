import type { GenerationOptions, GivenOptions } from '../../generation/options.js'
import { textPrompt } from '../../generation/prompt.js'
import type { GenerationInput } from '../../generation/run.js'
import { causalCall } from '../../nn/mask.js'
import * as ops from '../../ops/index.js'
import { GenerativeModel } from '../generative.js'
import { checkInputNames } from '../input-names.js'
import type { ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions, statesOf } from '../run-options.js'
import { checkTexts, type TextPrompts, type TypedTextInputs, textInputNames } from '../text-inputs.js'
import type { Gpt2Config } from './config.js'
import type { Gpt2Decoder } from './decoder.js'

/** A batch of texts. Positions are counted with padding: where it is on the left, give `positionIds`. */
export type Gpt2Inputs = TypedTextInputs

/** Results of {@link Gpt2.run}: float32, computed. The last of the hidden states is `lastHiddenState`. */
export interface Gpt2Output extends States {
  /** [B, N, vocabulary]: position i decides token i + 1. GPT2Model, which has no head, gives none. */
  readonly logits?: ops.FloatTensor
  /** Output of the norm after the last layer, [B, N, width]. */
  readonly lastHiddenState: ops.FloatTensor
}

/** GPT-2 (Radford et al. 2019). */
export class Gpt2 extends GenerativeModel<TextPrompts> {
  readonly #config: Gpt2Config
  readonly #decoder: Gpt2Decoder

  /** Use load(). */
  constructor(parts: ModelParts, config: Gpt2Config, decoder: Gpt2Decoder, defaults: GivenOptions) {
    super(parts, defaults)
    this.#config = config
    this.#decoder = decoder
  }

  /**
   * Scores texts, all positions at once.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, OPTION_INVALID, DISPOSED, ABORTED
   */
  async run(inputs: Gpt2Inputs, options: StatesOptions = {}): Promise<Gpt2Output> {
    this.checkAlive()
    checkInputNames(inputs, [...textInputNames, 'tokenTypeIds'], 'Gpt2.run')
    checkStatesOptions(options, 'Gpt2.run')
    await checkTexts(inputs, this.#config)
    const output = this.#forward(inputs, options)
    await this.compute(tensorsOf(output), options)
    return output
  }

  #forward(inputs: Gpt2Inputs, options: StatesOptions): Gpt2Output {
    const { inputIds, attentionMask, positionIds, tokenTypeIds } = inputs
    const decoder = this.#decoder
    const words = decoder.embed(inputIds)
    const x: ops.FloatTensor = tokenTypeIds ? ops.add(words, decoder.embed(tokenTypeIds)) : words
    const self = { ...causalCall(attentionMask), weights: options.attentions }
    const stack = decoder.forward(x, positionIds, { self })
    return {
      ...(decoder.head && { logits: decoder.logits(stack.last) }),
      lastHiddenState: stack.last,
      ...statesOf(stack, options),
    }
  }

  override async begin(inputs: TextPrompts, options: GenerationOptions): Promise<GenerationInput> {
    if (!this.#decoder.head) throw this.headless()
    checkInputNames(inputs, ['inputIds', 'attentionMask'], 'the model')
    await checkTexts(inputs, this.#config)
    const prompt = await textPrompt(inputs.inputIds, inputs.attentionMask, options)
    return { decoder: this.#decoder, prompt }
  }
}
