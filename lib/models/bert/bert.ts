import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import { checkTokens, type TokenIds } from '../../nn/embedding.js'
import { Linear } from '../../nn/linear.js'
import { checkMask, type Mask } from '../../nn/mask.js'
import { requireTensor } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { checkOptions } from '../../options.js'
import { Model, type ModelParts, type NamedTensors, type ReferenceCall } from '../model.js'
import { withWeights } from '../open.js'
import { asked, fromLibrary, tensorsOf, toLibrary } from '../reference.js'
import type { Architecture } from '../registry.js'
import { checkStatesOptions, type StatesOptions } from '../run-options.js'
import { type BertConfig, readBertConfig } from './config.js'
import { BertEncoder, type BertInputs } from './encoder.js'
import { type BertClass, type Features, type Head, type HeadOutputs, heads } from './heads.js'
import { legacyLayerNorm } from './legacy-names.js'

/** Results of {@link Bert.run}: float32, computed. Logits are there as the class of the checkpoint has them. */
export interface BertOutput {
  /** [B, N, width]. */
  readonly lastHiddenState: ops.FloatTensor
  /** [B, width], of a checkpoint that has a pooler. */
  readonly poolerOutput?: ops.FloatTensor
  /** Masked language: [B, N, vocabulary]; tokens: [B, N, labels]; texts: [B, labels]; choices: [B, choices]. */
  readonly logits?: ops.FloatTensor
  /** BertForPreTraining: [B, N, vocabulary] and [B, 2]. */
  readonly predictionLogits?: ops.FloatTensor
  readonly seqRelationshipLogits?: ops.FloatTensor
  /** BertForQuestionAnswering: [B, N]. */
  readonly startLogits?: ops.FloatTensor
  readonly endLogits?: ops.FloatTensor
  /** The embeddings, then each layer's output: [B, N, width]. */
  readonly hiddenStates?: readonly ops.FloatTensor[]
  /** Of each layer: [B, heads, N, N]. */
  readonly attentions?: readonly ops.FloatTensor[]
}

/** What a Bert is built from. */
export interface BertModules {
  readonly config: BertConfig
  readonly encoder: BertEncoder
  readonly pooler: Linear | undefined
  readonly head: (x: Features) => HeadOutputs
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
    checkOptions(inputs, ['inputIds', 'attentionMask', 'tokenTypeIds', 'positionIds'], 'Bert.run: inputs')
    checkStatesOptions(options, 'Bert.run')
    requireTensor(inputs.inputIds, 'inputIds')
    const choices = this.#modules.config.className === 'BertForMultipleChoice'
    const rows = choices ? flattenChoices(inputs) : inputs
    await checkInputs(rows, this.#modules.config)
    const result = this.#forward(rows, options)
    const output = choices ? unflattenLogits(result, inputs.inputIds) : result
    await this.compute(tensorsOf({ ...output }), options)
    return output
  }

  override async reference({ inputs, outputs }: ReferenceCall): Promise<NamedTensors> {
    const run = await this.run(fromLibrary(inputs) as unknown as BertInputs, asked(outputs))
    return toLibrary({ ...run })
  }

  #forward(inputs: BertInputs, { hiddenStates, attentions = false }: StatesOptions): BertOutput {
    const { encoder, pooler, head } = this.#modules
    const encoded = encoder.forward(inputs, attentions)
    const first = ops.select(encoded.last, 1, 0) as ops.FloatTensor
    const pooled = pooler && ops.tanh(pooler.forward(first))
    return {
      lastHiddenState: encoded.last,
      ...(pooled && { poolerOutput: pooled }),
      ...head({ sequence: encoded.last, pooled }),
      ...(hiddenStates && { hiddenStates: encoded.hiddenStates }),
      ...(attentions && { attentions: encoded.attentions }),
    }
  }
}

/** The classes whose logits are those of the config's labels. */
const classifiers: ReadonlySet<BertClass> = new Set([
  'BertForSequenceClassification',
  'BertForTokenClassification',
])

async function checkInputs(inputs: BertInputs, config: BertConfig): Promise<void> {
  const { inputIds, attentionMask, tokenTypeIds, positionIds } = inputs
  await checkTokens(inputIds, 'inputIds', config.vocabulary, config.positions)
  const [batch, places] = inputIds.shape as readonly number[] as [number, number]
  if (attentionMask)
    checkMask(
      attentionMask,
      [
        [batch, places],
        [batch, places, places],
      ],
      'attentionMask',
    )
  for (const [name, ids, entries, rows] of [
    ['tokenTypeIds', tokenTypeIds, config.tokenTypes, [batch]],
    ['positionIds', positionIds, config.positions, [batch, 1]],
  ] as const) {
    if (!ids) continue
    await checkTokens(ids, name, entries)
    if (ids.shape[1] !== places || !rows.some((count) => count === ids.shape[0]))
      throw invalid(
        'SHAPE_MISMATCH',
        name,
        `${formatShape([batch, places])}, as inputIds`,
        formatShape(ids.shape),
      )
  }
}

/** [B, choices, N] seen as [B * choices, N]. */
function flattenChoices(inputs: BertInputs): BertInputs {
  const { shape } = inputs.inputIds
  if (shape.length !== 3)
    throw invalid('SHAPE_MISMATCH', 'inputIds', '[batch, choices, positions]', formatShape(shape))
  const flat = Object.entries(inputs).map(([name, tensor]: [string, TokenIds | Mask | undefined]) => {
    const rank3 = tensor?.rank === 3
    return [name, rank3 ? ops.reshape(tensor as TokenIds, [-1, tensor.shape[2]!]) : tensor]
  })
  return Object.fromEntries(flat) as BertInputs
}

function unflattenLogits(output: BertOutput, { shape }: TokenIds): BertOutput {
  return { ...output, logits: ops.reshape(output.logits!, [shape[0]!, shape[1]!]) as ops.FloatTensor }
}

export const bert: Architecture = {
  name: 'bert',
  published: ['transformers bert'],
  claims: ({ library, name }) => library === 'transformers' && name === 'bert',
  open(request) {
    const config = readBertConfig(request.config)
    return withWeights(request, { rename: legacyLayerNorm }, (reader, checkpoint) => {
      const base = reader.has('bert.embeddings.word_embeddings.weight') ? reader.scope('bert') : reader
      const encoder = new BertEncoder(base, config)
      const rule: Head = heads[config.className]
      const pooled =
        rule.pooler === 'required' || (rule.pooler === 'optional' && base.has('pooler.dense.weight'))
      const pooler = pooled ? Linear.read(base, 'pooler.dense', config.width, config.width) : undefined
      if (rule.pooler === 'unused') base.ignore(/^pooler\./, `${config.className} has no pooler`)
      const head = rule.read(reader, config, encoder.words.weight)
      const info = {
        architecture: 'bert',
        layout: `transformers ${config.className}`,
        tasks: ['feature-extraction'],
        labels: classifiers.has(config.className) ? config.labels : undefined,
      }
      const parts = { info, checkpoint, config: request.config, settings: request.settings }
      return new Bert(parts, { config, encoder, pooler, head })
    })
  },
}
