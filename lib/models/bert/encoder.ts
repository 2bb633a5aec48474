import { CrossAttention, type KeyValue, SelfAttention } from '../../nn/attention.js'
import { Embedding } from '../../nn/embedding.js'
import { Layer } from '../../nn/layer.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { projectMemory, runStack, type StackCall, type StackResult } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { TypedTextInputs } from '../text-inputs.js'
import type { BertConfig } from './config.js'

/** Embeddings and layers of BERT (Devlin et al. 2018): a post-norm Transformer encoder, or decoder. */
export class BertEncoder {
  readonly words: Embedding
  readonly #types: Embedding
  readonly #positions: Embedding
  readonly #norm: LayerNorm
  readonly #layers: readonly Layer[]
  /** The same with cross-attention. */
  readonly #crossing: readonly Layer[]

  /** @param tiedWords full names of weights that are the word embeddings too, if those are not stored */
  constructor(reader: WeightReader, config: BertConfig, tiedWords: readonly string[]) {
    const { width, vocabulary, tokenTypes, positions, epsilon, layers } = config
    const embeddings = reader.scope('embeddings')
    embeddings.ignore('position_ids', 'the numbers 0, 1, 2, ..., which older versions of the library stored')
    this.words = Embedding.read(embeddings, 'word_embeddings', vocabulary, width, tiedWords)
    this.#types = Embedding.read(embeddings, 'token_type_embeddings', tokenTypes, width)
    this.#positions = Embedding.read(embeddings, 'position_embeddings', positions, width)
    this.#norm = LayerNorm.read(embeddings, 'LayerNorm', width, epsilon)
    const list = reader.scope('encoder.layer')
    const parts = Array.from({ length: layers }, (_, index) => readLayer(list.scope(index), config))
    this.#layers = parts.map(({ self, mlp }) => new Layer([self, mlp]))
    this.#crossing = parts.flatMap(({ self, cross, mlp }) => (cross ? [new Layer([self, cross, mlp])] : []))
  }

  /** Runs texts through all layers; those of a call with a memory attend to it. */
  forward(texts: TypedTextInputs, call: StackCall): StackResult {
    return this.continue(this.words.forward(texts.inputIds), texts, call)
  }

  /** As {@link forward}, for word embeddings, float32 [B, N, width]. */
  continue(words: ops.FloatTensor, places: Places, call: StackCall): StackResult {
    return runStack(call.memory ? this.#crossing : this.#layers, this.#embed(words, places), call)
  }

  /** Keys and values of the cross-attentions to the states of another encoder. */
  project(states: ops.FloatTensor): KeyValue[] {
    return projectMemory(this.#crossing, states)
  }

  #embed(words: ops.FloatTensor, { tokenTypeIds, positionIds }: Places): ops.FloatTensor {
    const types = tokenTypeIds ? this.#types.forward(tokenTypeIds) : this.#types.first(1)
    const positions = positionIds
      ? this.#positions.forward(positionIds)
      : this.#positions.first(words.shape[1]!)
    return this.#norm.forward(ops.add(ops.add(words, types), positions))
  }
}

type Places = Pick<TypedTextInputs, 'tokenTypeIds' | 'positionIds'>

function readLayer(layer: WeightReader, config: BertConfig) {
  const [query, key, value] = ['self.query', 'self.key', 'self.value'] as const
  const output = 'output.dense'
  const norm = (reader: WeightReader) => ({
    norm: LayerNorm.read(reader, 'output.LayerNorm', config.width, config.epsilon),
    placement: 'post' as const,
  })
  const attention = layer.scope('attention')
  const crossAttention = layer.scope('crossattention')
  const self = SelfAttention.read(attention, { queryKeyValue: [query, key, value], output }, config)
  const cross = config.crossAttention && {
    crossAttention: CrossAttention.read(crossAttention, { query, keyValue: [key, value], output }, config),
    ...norm(crossAttention),
  }
  return {
    self: { attention: self, ...norm(attention) },
    cross: cross || undefined,
    mlp: { mlp: Mlp.read(layer, ['intermediate.dense', output], config), ...norm(layer) },
  }
}
