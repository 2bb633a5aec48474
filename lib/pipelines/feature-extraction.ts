import { checkSignal } from '../abort.js'
import type { Model } from '../models/model.js'
import * as ops from '../ops/index.js'
import { checkOptions, optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { isString } from '../values.js'
import { asList, type CallOptions } from './base.js'
import { TensorOutput } from './tensor-output.js'
import { encodeTexts } from './texts.js'

/**
 * How the vectors of a text's tokens are reduced to one vector. `first_token` is an alias of `cls`, `last_token` of
 * `eos`.
 */
export const poolings = ['none', 'mean', 'cls', 'first_token', 'eos', 'last_token'] as const
export type Pooling = (typeof poolings)[number]

export interface FeatureExtractionOptions extends CallOptions {
  /** Default 'none': one vector for each token. */
  readonly pooling?: Pooling | undefined
  /** Scale each vector to Euclidean length 1. Default false. */
  readonly normalize?: boolean | undefined
  /** Truncate texts to the model's limit instead of throwing TEXT_TOO_LONG. Default false. */
  readonly truncation?: boolean | undefined
}

/** A model that takes token ids. */
export interface TextModel extends Model {
  run(
    inputs: { inputIds: Tensor<'int64'>; attentionMask: Tensor<'int64'>; tokenTypeIds?: Tensor<'int64'> },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly lastHiddenState: ops.FloatTensor }>
}

const task = 'feature-extraction'

/** Feature vectors of texts: float32 [texts, tokens, hidden size], or pooled [texts, hidden size]. */
export class FeatureExtraction {
  readonly task = task
  readonly model: TextModel
  readonly tokenizer: Tokenizer

  constructor(model: TextModel, tokenizer: Tokenizer) {
    this.model = model
    this.tokenizer = tokenizer
  }

  async call(
    texts: string | readonly string[],
    options: FeatureExtractionOptions = {},
  ): Promise<TensorOutput> {
    const given = checkOptions(options, ['pooling', 'normalize', 'truncation', 'signal'], task)
    const { pooling = 'none', normalize = false, truncation = false, signal } = given
    checkSignal(signal)
    if (!poolings.includes(pooling))
      optionInvalid(`${task}: pooling`, pooling, `one of ${poolings.join(', ')}`)
    if (typeof normalize !== 'boolean') optionInvalid(`${task}: normalize`, normalize, 'true or false')
    const { list } = asList(texts, isString, 'a string', task)
    const inputs = encodeTexts(this.tokenizer, list, truncation, task)
    const { lastHiddenState } = await this.model.run(inputs, { signal })
    let features = pool(lastHiddenState, inputs.attentionMask, pooling)
    if (normalize) features = unitLength(features)
    return TensorOutput.of(features, signal)
  }
}

/** hidden float32 [B, N, width], mask int64 [B, N] with 1 for tokens. */
function pool(hidden: ops.FloatTensor, mask: Tensor<'int64'>, pooling: Pooling): ops.FloatTensor {
  if (pooling === 'none') return hidden
  if (pooling === 'cls' || pooling === 'first_token') return ops.select(hidden, 1, 0)
  const kept = ops.cast(mask, 'float32')
  const count = ops.sum(kept, 1, { keepDims: true })
  if (pooling === 'mean') {
    const summed = ops.sum(ops.mul(hidden, ops.unsqueeze(kept, 2)), 1)
    return ops.div(summed, ops.maximum(count, 1e-9))
  }
  // The last token of a row is at the largest position that the mask keeps; padding may be on either side.
  const positions = Tensor.from(
    Array.from({ length: mask.shape[1]! }, (_, position) => position),
    [1, mask.shape[1]!],
  )
  const last = ops.max(ops.mul(kept, positions), 1, { keepDims: true })
  const isLast = ops.cast(ops.equal(positions, last), 'float32')
  return ops.sum(ops.mul(hidden, ops.unsqueeze(isLast, 2)), 1)
}

function unitLength(x: ops.FloatTensor): ops.FloatTensor {
  const length = ops.sqrt(ops.sum(ops.square(x), -1, { keepDims: true }))
  return ops.div(x, ops.maximum(length, 1e-12))
}
