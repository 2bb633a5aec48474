import type { Decoder, DecoderStep, Memory } from '../../lib/generation/decoder.js'
import { mergeHeads, splitHeads } from '../../lib/nn/attention.js'
import * as ops from '../../lib/ops/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import type { Tensor } from '../../lib/tensor/tensor.js'

const [layers, heads, width] = [2, 2, 16]
export const vocabSize = 23

const weights = new Map<string, ops.FloatTensor>()

/** Numbers that look random, as a constant: the same one each time, so that toys leave no memory behind. */
function weight(seed: number, shape: readonly number[], size: number): ops.FloatTensor {
  const key = `${seed} ${shape}`
  const known = weights.get(key)
  if (known) return known
  let state = seed
  const count = shape.reduce((product, dim) => product * dim, 1)
  const data = Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return size * (state / 2 ** 31 - 1)
  })
  const made: ops.FloatTensor = constantFrom(data, shape, 'float32')
  weights.set(key, made)
  return made
}

/** A Transformer decoder of two layers with random weights: attention to itself, and to a memory where it has one. */
export class ToyDecoder implements Decoder {
  readonly vocabSize = vocabSize
  readonly positions: number
  readonly cache = { layers, heads, width: width / heads }
  readonly memory: Memory | undefined
  readonly #words = weight(1, [vocabSize, width], 1)
  readonly #positions: ops.FloatTensor
  readonly #layers = Array.from({ length: layers }, (_, layer) => ({
    qkv: weight(10 + layer, [width, 3 * width], 0.6),
    query: weight(15 + layer, [width, width], 0.6),
    mlp: weight(20 + layer, [width, width], 0.5),
  }))
  readonly #head = weight(30, [width, vocabSize], 1.5)

  constructor(positions = 100, memory?: Memory) {
    this.positions = positions
    this.memory = memory
    this.#positions = weight(2, [positions, width], 0.7)
  }

  embed(ids: Tensor<'int32'>): ops.FloatTensor {
    return ops.gather(this.#words, ids)
  }

  step(embedded: ops.FloatTensor, { positions, self, past }: DecoderStep): ops.FloatTensor {
    let x: ops.FloatTensor = ops.add(embedded, ops.gather(this.#positions, positions))
    this.#layers.forEach(({ qkv, query, mlp }, layer) => {
      const projected: ops.FloatTensor = ops.matmul(x, qkv)
      const [q, k, v] = ops.split(projected, [width, width, width]).map((part) => splitHeads(part, heads))
      const { key, value } = past(layer, { key: k!, value: v! })
      x = ops.add(x, mergeHeads(ops.attention(q!, key, value, self)))
      if (this.memory) x = ops.add(x, this.#cross(ops.matmul(x, query), this.memory, layer))
      x = ops.add(x, ops.tanh(ops.matmul(x, mlp)))
    })
    return x
  }

  logits(x: ops.FloatTensor): ops.FloatTensor {
    return ops.matmul(x, this.#head)
  }

  /** Rows of one source attend to the same memory. */
  #cross(queries: ops.FloatTensor, { layers, mask }: Memory, layer: number): ops.FloatTensor {
    const { key, value } = layers[layer]!
    const [rows, count] = queries.shape as [number, number]
    const sources = key.shape[0]!
    const grouped: ops.FloatTensor = ops.reshape(queries, [sources, (rows / sources) * count, width])
    const attended = mergeHeads(ops.attention(splitHeads(grouped, heads), key, value, { mask }))
    return ops.reshape(attended, [rows, count, width])
  }
}

const kept = constantFrom(Uint8Array.of(1, 1, 1, 0, 0, 1, 1, 1, 1, 1), [2, 1, 1, 5], 'bool')

/** A memory of two sources with 3 and 5 positions. */
export function toyMemory(): Memory {
  const part = (seed: number) => ops.mul(weight(seed, [2, heads, 5, width / heads], 1), 1)
  return {
    layers: Array.from({ length: layers }, (_, layer) => ({
      key: part(40 + layer),
      value: part(50 + layer),
    })),
    mask: ops.where(kept, 0, -1e9),
    ids: async () => [Int32Array.of(3, 4, 5), Int32Array.of(6, 7, 8, 9, 10)],
  }
}
