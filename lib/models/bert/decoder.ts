import type { CacheShape, Decoder, DecoderStep, Memory } from '../../generation/decoder.js'
import type { TokenIds } from '../../nn/embedding.js'
import type { FloatTensor } from '../../ops/index.js'
import type { BertModules } from './modules.js'

/** BertLMHeadModel as a decoder. The tokens have type 0. */
export class BertDecoder implements Decoder {
  readonly vocabSize: number
  readonly positions: number
  readonly cache: CacheShape
  readonly memory: Memory | undefined
  readonly #modules: BertModules

  /** @param memory the states of another encoder */
  constructor(modules: BertModules, memory: Memory | undefined) {
    const { vocabulary, positions, layers, heads, width } = modules.config
    this.vocabSize = vocabulary
    this.positions = positions
    this.cache = { layers, heads, width: width / heads }
    this.memory = memory
    this.#modules = modules
  }

  embed(ids: TokenIds): FloatTensor {
    return this.#modules.encoder.words.forward(ids)
  }

  step(x: FloatTensor, { positions, self, past }: DecoderStep): FloatTensor {
    const { layers: memory, mask } = this.memory ?? {}
    const call = { self, past, memory, cross: { mask } }
    return this.#modules.encoder.continue(x, { positionIds: positions }, call).last
  }

  logits(x: FloatTensor): FloatTensor {
    return this.#modules.head({ sequence: x, pooled: undefined }).logits!
  }
}
