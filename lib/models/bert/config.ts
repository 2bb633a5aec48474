import { boolean, type Config, configInvalid, oneOf, positiveInt } from '../../files/config.js'
import { type EncoderConfig, readEncoderConfig } from '../encoder-config.js'
import { labelsOf, unnamedLabels } from '../labels.js'
import { libraryClass } from '../library-class.js'

/** The supported classes of transformers; each has its own head. */
const classes = [
  ...(['BertModel', 'BertForPreTraining', 'BertForMaskedLM', 'BertForNextSentencePrediction'] as const),
  ...(['BertForSequenceClassification', 'BertForMultipleChoice', 'BertForTokenClassification'] as const),
  'BertForQuestionAnswering',
] as const
export type BertClass = (typeof classes)[number]

/** The parts of transformers' BertConfig that change the computation. */
export interface BertConfig extends EncoderConfig {
  readonly className: BertClass
  readonly vocabulary: number
  /** Maximum number of tokens in a text. */
  readonly positions: number
  readonly tokenTypes: number
  /** Whether the masked-language head uses the word embeddings. */
  readonly tied: boolean
  readonly labels: readonly string[]
}

/** Reads config.json, with the library's defaults. @throws CONFIG_INVALID */
export function readBertConfig(config: Config): BertConfig {
  oneOf(config, 'position_embedding_type', ['absolute'], 'absolute')
  if (boolean(config, 'is_decoder', false))
    throw configInvalid(config, 'is_decoder', 'false (BERT as a decoder is not supported)')
  return {
    className: libraryClass(config, classes, 'BertModel'),
    ...readEncoderConfig(config, {
      ...{ width: 768, layers: 12, heads: 12, feedForward: 3072, activation: 'gelu', epsilon: 1e-12 },
    }),
    vocabulary: positiveInt(config, 'vocab_size', 30522),
    positions: positiveInt(config, 'max_position_embeddings', 512),
    tokenTypes: positiveInt(config, 'type_vocab_size', 2),
    tied: boolean(config, 'tie_word_embeddings', true),
    labels: readLabels(config),
  }
}

/** Without names there are `num_labels` classes; default 2. */
function readLabels(config: Config): readonly string[] {
  return labelsOf(config) ?? unnamedLabels(positiveInt(config, 'num_labels', 2))
}
