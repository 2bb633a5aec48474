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
  /** Whether a token attends to no later ones: a decoder. */
  readonly causal: boolean
  /** Whether the layers also attend to the states of another encoder, where a call has them. */
  readonly crossAttention: boolean
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
  const isDecoder = boolean(config, 'is_decoder', false)
  const crossAttention = boolean(config, 'add_cross_attention', false)
  if (crossAttention && !isDecoder)
    throw configInvalid(config, 'add_cross_attention', 'false, as is_decoder is not true')
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
    ...{ vocabulary, positions, tokenTypes, crossAttention },
    // The library asks a decoder alone for is_causal.
    causal: isDecoder && boolean(config, 'is_causal', !('is_causal' in config.values)),
    tied: boolean(config, 'tie_word_embeddings', true),
    classes: classifiers.includes(className) ? classCount(config, stored) : 0,
  }
}

/** Whether the model generates text. */
export function generates({ className, causal }: BertConfig): boolean {
  return className === 'BertLMHeadModel' && causal
}
