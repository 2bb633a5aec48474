import { SelfAttention } from '../../nn/attention.js'
import { Embedding, type TokenIds } from '../../nn/embedding.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { Layer } from '../../nn/layer.js'
import { Linear } from '../../nn/linear.js'
import { type Mask, paddingMask } from '../../nn/mask.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { runStack, type StackResult } from '../../nn/stack.js'
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

/** Embeddings and layers of BERT (Devlin et al. 2018): the encoder of the Transformer, norms after the sums. */
export class BertEncoder {
  readonly words: Embedding
  readonly #types: Embedding
  readonly #positions: Embedding
  readonly #norm: LayerNorm
  readonly #layers: readonly Layer[]

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

  forward(inputs: BertInputs, weights: boolean): StackResult {
    const mask = inputs.attentionMask && paddingMask(inputs.attentionMask)
    return runStack(this.#layers, this.#embed(inputs), { self: { mask, weights } })
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
  const queryKeyValue = ['self.query', 'self.key', 'self.value']
  return new Layer([
    {
      attention: new SelfAttention({
        heads,
        queryKeyValue: FusedLinear.read(attention, queryKeyValue, width, [width, width, width]),
        output: Linear.read(attention, 'output.dense', width, width),
      }),
      norm: LayerNorm.read(attention, 'output.LayerNorm', width, epsilon),
      placement: 'post',
    },
    {
      mlp: new Mlp(
        Linear.read(layer, 'intermediate.dense', width, feedForward),
        activation,
        Linear.read(layer, 'output.dense', feedForward, width),
      ),
      norm: LayerNorm.read(layer, 'output.LayerNorm', width, epsilon),
      placement: 'post',
    },
  ])
}
