import { boolean, type Config, configInvalid, oneOf, positiveInt } from '../../files/config.js'
import { type EncoderConfig, readEncoderConfig } from '../encoder-config.js'
import { classCount } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { checkSizes } from '../sizes.js'

/** The supported classes of transformers; each has its own head. */
const classes = [
  ...(['BertModel', 'BertForPreTraining', 'BertForMaskedLM', 'BertForNextSentencePrediction'] as const),
  ...(['BertForSequenceClassification', 'BertForMultipleChoice', 'BertForTokenClassification'] as const),
  ...(['BertForQuestionAnswering', 'BertLMHeadModel'] as const),
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
  /** Outputs of a classifier; 0 without one. */
  readonly classes: number
}

/** The classes whose logits are scores of the config's labels. */
const classifiers: readonly BertClass[] = ['BertForSequenceClassification', 'BertForTokenClassification']

/**
 * Reads config.json, with the library's defaults.
 * @param stored outputs of the stored classifier, if there is one
 * @throws CONFIG_INVALID
 */
export function readBertConfig(config: Config, stored: number | undefined): BertConfig {
  oneOf(config, 'position_embedding_type', ['absolute'], 'absolute')
  for (const key of ['is_decoder', 'is_causal'])
    if (boolean(config, key, false))
      throw configInvalid(config, key, 'false (BERT as a decoder is not supported)')
  const className = libraryClass(config, classes) ?? 'BertModel'
  const vocabulary = positiveInt(config, 'vocab_size', 30522)
  const positions = positiveInt(config, 'max_position_embeddings', 512)
  const tokenTypes = positiveInt(config, 'type_vocab_size', 2)
  checkSizes(config.file, { vocabulary: [vocabulary, tokenTypes], positions })
  return {
    className,
    ...readEncoderConfig(config, {
      ...{ width: 768, layers: 12, heads: 12, feedForward: 3072, activation: 'gelu', epsilon: 1e-12 },
    }),
    ...{ vocabulary, positions, tokenTypes },
    tied: boolean(config, 'tie_word_embeddings', true),
    classes: classifiers.includes(className) ? classCount(config, stored) : 0,
  }
}
