import type { CacheShape, Decoder, DecoderStep } from '../../generation/decoder.js'
import { SelfAttention } from '../../nn/attention.js'
import { Embedding, type TokenIds } from '../../nn/embedding.js'
import { Layer } from '../../nn/layer.js'
import { Linear } from '../../nn/linear.js'
import { Mlp } from '../../nn/mlp.js'
import { LayerNorm } from '../../nn/norm.js'
import { runStack, type StackCall, type StackResult } from '../../nn/stack.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { ignoreForeignHead } from '../library-class.js'
import type { Gpt2Config } from './config.js'

const modules = ['transformer', 'wte', 'wpe', 'h', 'ln_f', 'lm_head']

/** The modules of GPT-2: embeddings, pre-norm layers, the norm after them, and the head. */
export class Gpt2Decoder implements Decoder {
  readonly vocabSize: number
  readonly positions: number
  readonly cache: CacheShape
  /** GPT2Model has none. */
  readonly head: Linear | undefined
  readonly #words: Embedding
  readonly #positions: Embedding
  readonly #layers: readonly Layer[]
  readonly #norm: LayerNorm

  /** Takes the weights of Hugging Face's GPT2LMHeadModel or GPT2Model. */
  constructor(reader: WeightReader, config: Gpt2Config) {
    const { width, layers, heads, vocabulary, positions, epsilon } = config
    // The files of OpenAI's models have no prefix.
    const base = reader.has('transformer.wte.weight') ? reader.scope('transformer') : reader
    if (config.isForeign) ignoreForeignHead(reader, modules)
    base.ignore(/^h\.\d+\.attn\.(masked_)?bias$/, 'the causal mask, which older versions stored')
    this.vocabSize = vocabulary
    this.positions = positions
    this.cache = { layers, heads, width: width / heads }
    this.#words = Embedding.read(base, 'wte', vocabulary, width)
    this.#positions = Embedding.read(base, 'wpe', positions, width)
    this.#layers = Array.from({ length: layers }, (_, index) => readLayer(base.scope('h'), index, config))
    this.#norm = LayerNorm.read(base, 'ln_f', width, epsilon)
    this.head = readHead(reader, config, this.#words)
  }

  embed(ids: TokenIds): ops.FloatTensor {
    return this.#words.forward(ids)
  }

  /**
   * Runs embeddings through all layers. The last hidden state is the output of the norm, as in the library.
   * @param positions of the tokens; undefined: 0, 1, 2, ...
   */
  forward(x: ops.FloatTensor, positions: TokenIds | undefined, call: StackCall): StackResult {
    const placed = positions ? this.#positions.forward(positions) : this.#positions.first(x.shape[1]!)
    const stack = runStack(this.#layers, ops.add(x, placed), call)
    const last = this.#norm.forward(stack.last)
    return { ...stack, last, hiddenStates: [...stack.hiddenStates.slice(0, -1), last] }
  }

  step(x: ops.FloatTensor, { positions, self, past }: DecoderStep): ops.FloatTensor {
    return this.forward(x, positions, { self, past }).last
  }

  logits(x: ops.FloatTensor): ops.FloatTensor {
    return this.head!.forward(x)
  }
}

function readLayer(layers: WeightReader, index: number, config: Gpt2Config): Layer {
  const layer = layers.scope(index)
  // Conv1D stores its weights as [inputs, outputs].
  const sizes = { ...config, transposed: true, scale: config.scaleOf(index) }
  const names = { queryKeyValue: 'c_attn', output: 'c_proj' }
  const norm = (name: string) => ({
    norm: LayerNorm.read(layer, name, config.width, config.epsilon),
    placement: 'pre' as const,
  })
  return new Layer([
    { attention: SelfAttention.read(layer.scope('attn'), names, sizes), ...norm('ln_1') },
    { mlp: Mlp.read(layer.scope('mlp'), ['c_fc', 'c_proj'], sizes), ...norm('ln_2') },
  ])
}

function readHead(reader: WeightReader, config: Gpt2Config, words: Embedding): Linear | undefined {
  const { className, width, vocabulary, tied } = config
  if (className === 'GPT2LMHeadModel' && !tied)
    return Linear.read(reader, 'lm_head', width, vocabulary, { bias: false })
  reader.ignore('lm_head.weight', 'tied to the token embeddings, or of no use to GPT2Model')
  return className === 'GPT2LMHeadModel' ? new Linear(words.weight) : undefined
}
