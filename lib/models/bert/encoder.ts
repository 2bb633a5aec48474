import { SelfAttention } from '../../nn/attention.js'
import { Embedding, type TokenIds } from '../../nn/embedding.js'
import { EncoderLayer } from '../../nn/layer.js'
import { Linear } from '../../nn/linear.js'
import { type Mask, paddingMask } from '../../nn/mask.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { BertConfig } from './config.js'

/** A batch of texts, [B, N] each; what is left out is padding nowhere, type 0, and places counted from 0. */
export interface BertInputs {
  readonly inputIds: TokenIds
  /** 1 keeps a place, 0 is padding; or [B, N, N], for each place of its own. */
  readonly attentionMask?: Mask | undefined
  readonly tokenTypeIds?: TokenIds | undefined
  /** [B, N] or [1, N]. */
  readonly positionIds?: TokenIds | undefined
}

/** What the encoder gives. */
export interface BertEncoded {
  /** The embeddings, and what each layer gives: float32 [B, N, width]. */
  readonly hiddenStates: readonly ops.FloatTensor[]
  /** Attention weights of each layer, if asked for: float32 [B, heads, N, N]. */
  readonly attentions: readonly ops.FloatTensor[]
  /** float32 [B, N, width]. */
  readonly last: ops.FloatTensor
}

/** Embeddings and layers of BERT (Devlin et al. 2018): the encoder of the Transformer, norms after the sums. */
export class BertEncoder {
  readonly words: Embedding
  readonly #types: Embedding
  readonly #positions: Embedding
  readonly #norm: LayerNorm
  readonly #layers: readonly EncoderLayer[]

  constructor(reader: WeightReader, config: BertConfig) {
    const { width, vocabulary, tokenTypes, positions, epsilon, layers } = config
    const embeddings = reader.scope('embeddings')
    embeddings.ignore('position_ids', 'the numbers 0, 1, 2, ..., which older versions of the library stored')
    this.words = Embedding.read(embeddings, 'word_embeddings', vocabulary, width)
    this.#types = Embedding.read(embeddings, 'token_type_embeddings', tokenTypes, width)
    this.#positions = Embedding.read(embeddings, 'position_embeddings', positions, width)
    this.#norm = LayerNorm.read(embeddings, 'LayerNorm', width, epsilon)
    const list = reader.scope('encoder.layer')
    this.#layers = Array.from({ length: layers }, (_, index) => readLayer(list.scope(index), config))
  }

  forward(inputs: BertInputs, attentions: boolean): BertEncoded {
    const mask = inputs.attentionMask && paddingMask(inputs.attentionMask)
    const weights: ops.FloatTensor[] = []
    let x = this.#embed(inputs)
    const hiddenStates = [x]
    for (const layer of this.#layers) {
      const step = layer.forward(x, { mask, weights: attentions })
      x = step.output
      hiddenStates.push(x)
      if (step.weights) weights.push(step.weights)
    }
    return { hiddenStates, attentions: weights, last: x }
  }

  #embed({ inputIds, tokenTypeIds, positionIds }: BertInputs): ops.FloatTensor {
    const firstRows = (table: Embedding, end: number) =>
      ops.slice(table.weight, { axis: 0, start: 0, end }) as ops.FloatTensor
    const words = this.words.forward(inputIds)
    const types = tokenTypeIds ? this.#types.forward(tokenTypeIds) : firstRows(this.#types, 1)
    const positions = positionIds
      ? this.#positions.forward(positionIds)
      : firstRows(this.#positions, inputIds.shape[1]!)
    return this.#norm.forward(ops.add(ops.add(words, types), positions))
  }
}

function readLayer(layer: WeightReader, { width, heads, feedForward, activation, epsilon }: BertConfig) {
  const attention = layer.scope('attention')
  const projections = ['query', 'key', 'value'].map((name) =>
    Linear.read(attention.scope('self'), name, width, width),
  )
  return new EncoderLayer({
    normOrder: 'after',
    attention: new SelfAttention({
      heads,
      qkv: Linear.beside(projections),
      output: Linear.read(attention, 'output.dense', width, width),
    }),
    attentionNorm: LayerNorm.read(attention, 'output.LayerNorm', width, epsilon),
    mlp: new Mlp(
      Linear.read(layer, 'intermediate.dense', width, feedForward),
      activation,
      Linear.read(layer, 'output.dense', feedForward, width),
    ),
    mlpNorm: LayerNorm.read(layer, 'output.LayerNorm', width, epsilon),
  })
}
