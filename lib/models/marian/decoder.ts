import type { CacheShape, Decoder, DecoderStep, Memory } from '../../generation/decoder.js'
import { runStack } from '../../nn/stack.js'
import type { FloatTensor } from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { MarianConfig } from './config.js'
import { addPositions, embedTokens, type MarianModules } from './modules.js'

/** The decoder of a Marian with a head, for encoded sources. */
export class MarianDecoder implements Decoder {
  readonly vocabSize: number
  readonly positions: number
  readonly cache: CacheShape
  readonly memory: Memory
  readonly #modules: MarianModules

  constructor(modules: MarianModules, { width, positions, decoder }: MarianConfig, memory: Memory) {
    this.vocabSize = decoder.vocabulary
    this.positions = positions
    this.cache = { layers: decoder.layers, heads: decoder.heads, width: width / decoder.heads }
    this.memory = memory
    this.#modules = modules
  }

  embed(ids: Tensor<'int32'>): FloatTensor {
    return embedTokens(this.#modules.target, ids)
  }

  step(x: FloatTensor, { positions, self, past }: DecoderStep): FloatTensor {
    const { layers: memory, mask } = this.memory
    const embedded = addPositions(this.#modules.target, x, positions)
    return runStack(this.#modules.decoder, embedded, { memory, self, cross: { mask }, past }).last
  }

  logits(x: FloatTensor): FloatTensor {
    return this.#modules.head!.forward(x)
  }
}
