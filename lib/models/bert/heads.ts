import { Linear, tiedParameter } from '../../nn/linear.js'
import { LayerNorm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { BertClass, BertConfig } from './config.js'

/** Input of a head: the hidden states [B, N, width], and the pooled state of the first token [B, width]. */
export interface Features {
  readonly sequence: ops.FloatTensor
  readonly pooled: ops.FloatTensor | undefined
}

/** Logits under the names of the library's outputs. */
export type HeadOutputs = Readonly<Record<string, ops.FloatTensor>>

/** The head of a class. */
export interface Head {
  /** Whether the head needs the pooler. */
  readonly pooler: 'required' | 'optional' | 'unused'
  /** @param words full name of the word embeddings */
  read(reader: WeightReader, config: BertConfig, words: string): (x: Features) => HeadOutputs
}

export const heads: Readonly<Record<BertClass, Head>> = {
  BertModel: { pooler: 'optional', read: bare },
  BertForPreTraining: { pooler: 'required', read: pretraining },
  // Without is_decoder it is not causal.
  BertLMHeadModel: { pooler: 'unused', read: maskedLanguage },
  BertForMaskedLM: { pooler: 'unused', read: maskedLanguage },
  BertForNextSentencePrediction: { pooler: 'required', read: nextSentence },
  BertForSequenceClassification: { pooler: 'required', read: sequenceClassifier },
  BertForMultipleChoice: { pooler: 'required', read: multipleChoice },
  BertForTokenClassification: { pooler: 'unused', read: tokenClassifier },
  BertForQuestionAnswering: { pooler: 'unused', read: questionAnswering },
}

function bare(reader: WeightReader) {
  reader.ignore(/^cls\./, 'heads of pretraining, which BertModel does not have')
  return () => ({})
}

function pretraining(reader: WeightReader, config: BertConfig, words: string) {
  const predict = readPredictions(reader, config, words)
  const relate = Linear.read(reader, 'cls.seq_relationship', config.width, 2)
  return ({ sequence, pooled }: Features) => ({
    predictionLogits: predict(sequence),
    seqRelationshipLogits: relate.forward(pooled!),
  })
}

function maskedLanguage(reader: WeightReader, config: BertConfig, words: string) {
  reader.ignore(/^cls\.seq_relationship\./, 'the next-sentence head of pretraining')
  const predict = readPredictions(reader, config, words)
  return ({ sequence }: Features) => ({ logits: predict(sequence) })
}

function nextSentence(reader: WeightReader, { width }: BertConfig) {
  reader.ignore(/^cls\.predictions\./, 'the masked-language head of pretraining')
  const relate = Linear.read(reader, 'cls.seq_relationship', width, 2)
  return ({ pooled }: Features) => ({ logits: relate.forward(pooled!) })
}

function sequenceClassifier(reader: WeightReader, { width, classes }: BertConfig) {
  const classifier = Linear.read(reader, 'classifier', width, classes)
  return ({ pooled }: Features) => ({ logits: classifier.forward(pooled!) })
}

/** One logit for each choice. The rows of the batch are the choices of all questions. */
function multipleChoice(reader: WeightReader, { width }: BertConfig) {
  const classifier = Linear.read(reader, 'classifier', width, 1)
  return ({ pooled }: Features) => ({ logits: classifier.forward(pooled!) })
}

function tokenClassifier(reader: WeightReader, { width, classes }: BertConfig) {
  const classifier = Linear.read(reader, 'classifier', width, classes)
  return ({ sequence }: Features) => ({ logits: classifier.forward(sequence) })
}

function questionAnswering(reader: WeightReader, { width }: BertConfig) {
  const outputs = Linear.read(reader, 'qa_outputs', width, 2)
  return ({ sequence }: Features) => {
    const both = outputs.forward(sequence)
    return {
      startLogits: ops.select(both, 2, 0) as ops.FloatTensor,
      endLogits: ops.select(both, 2, 1) as ops.FloatTensor,
    }
  }
}

/** The masked-language head: a transform, then the word embeddings (or a separate matrix) as a classifier. */
function readPredictions(reader: WeightReader, config: BertConfig, words: string) {
  const { width, vocabulary, epsilon, activation, tied } = config
  const predictions = reader.scope('cls').scope('predictions')
  const dense = Linear.read(predictions, 'transform.dense', width, width)
  const norm = LayerNorm.read(predictions, 'transform.LayerNorm', width, epsilon)
  const tie = (name: string) => (tied ? [name] : [])
  const weight = tiedParameter(predictions, 'decoder.weight', tie(words), [vocabulary, width])
  // The library has two names for this bias, and files may have either or both.
  const bias = tiedParameter(predictions, 'decoder.bias', ['cls.predictions.bias'], [vocabulary])
  predictions.ignore('bias', 'the same as cls.predictions.decoder.bias')
  const decoder = new Linear(weight, bias)
  return (x: ops.FloatTensor) => decoder.forward(norm.forward(activation(dense.forward(x))))
}
