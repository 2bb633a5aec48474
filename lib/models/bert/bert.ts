import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import type { TokenIds } from '../../nn/embedding.js'
import { checkMask, type Mask } from '../../nn/mask.js'
import { requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { checkOptions } from '../../options.js'
import { Model, type ModelParts } from '../model.js'
import { tensorsOf } from '../results.js'
import { checkStatesOptions, type States, type StatesOptions, statesOf } from '../run-options.js'
import { checkTexts, textInputNames } from '../text-inputs.js'
import type { BertConfig } from './config.js'
import type { BertInputs } from './encoder.js'
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
}

/** BERT (Devlin et al. 2018), with the head of the class that published the checkpoint. */
export class Bert extends Model {
  readonly #modules: BertModules

  /** Use load(). */
  constructor(parts: ModelParts, modules: BertModules) {
    super(parts)
    this.#modules = modules
  }

  /**
   * Encodes texts. BertForMultipleChoice takes [B, choices, N]; its hidden states have B * choices rows.
   * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID,
   *   OPTION_UNKNOWN, DISPOSED, ABORTED
   */
  async run(inputs: BertInputs, options: StatesOptions = {}): Promise<BertOutput> {
    this.checkAlive()
    checkOptions(inputs, [...textInputNames, 'tokenTypeIds'], 'Bert.run: inputs')
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
    const encoded = encoder.forward(inputs, options.attentions ?? false)
    const first = ops.select(encoded.last, 1, 0) as ops.FloatTensor
    const pooled = pooler && ops.tanh(pooler.forward(first))
    return {
      lastHiddenState: encoded.last,
      ...(pooled && { poolerOutput: pooled }),
      ...head({ sequence: encoded.last, pooled }),
      ...statesOf(encoded, options),
    }
  }
}

async function checkInputs({ attentionMask, ...texts }: BertInputs, config: BertConfig): Promise<void> {
  await checkTexts(texts, config)
  const { shape } = texts.inputIds
  if (attentionMask !== undefined) checkMask(attentionMask, [shape, [...shape, shape[1]!]], 'attentionMask')
}

/** Reshapes all inputs from [B, choices, N] to [B * choices, N]. */
function flattenChoices(inputs: BertInputs): BertInputs {
  const { shape } = inputs.inputIds
  if (shape.length !== 3)
    throw invalid('SHAPE_MISMATCH', 'inputIds', '[batch, choices, tokens]', formatShape(shape))
  const flat = Object.entries(inputs).map(([name, tensor]: [string, TokenIds | Mask | undefined]) => {
    const rank3 = tensor?.rank === 3
    return [name, rank3 ? ops.reshape(tensor as TokenIds, [-1, tensor.shape[2]!]) : tensor]
  })
  return Object.fromEntries(flat) as BertInputs
}

function unflattenLogits(output: BertOutput, { shape }: TokenIds): BertOutput {
  return { ...output, logits: ops.reshape(output.logits!, [shape[0]!, shape[1]!]) as ops.FloatTensor }
}
