import { evaluate, ops, Tensor } from '../../lib/index.js'
import { type Line, race, steady } from './line.js'
import { openSession, ort } from './peer.js'

interface Size {
  readonly heads: number
  readonly positions: number
  readonly width: number
}

/** ViT-B/16's heads at 224 and 384 pixels, then longer texts; and wider heads. */
const sizes: readonly Size[] = [
  ...[197, 577, 1024, 4096, 16384].map((positions) => ({ heads: 12, positions, width: 64 })),
  { heads: 8, positions: 1024, width: 128 },
]
/** The peer's causal path keeps all scores: n² of them a head, 13 GB at 16384 positions. */
const maxCausal = 4096
const maxQuick = 1024

/** Fused attention against the peer's fused MultiHeadAttention, on [1, positions, heads * width]. */
export async function benchAttention(
  models: string,
  threads: number,
  rounds: number,
  quick: boolean,
): Promise<Line[]> {
  const lines: Line[] = []
  for (const causal of [false, true]) {
    for (const size of sizes) {
      if (size.positions > Math.min(causal ? maxCausal : Infinity, quick ? maxQuick : Infinity)) continue
      lines.push(await raceSize(models, size, causal, threads, rounds))
    }
  }
  return lines
}

async function raceSize(
  models: string,
  { heads, positions, width }: Size,
  causal: boolean,
  threads: number,
  rounds: number,
): Promise<Line> {
  const name = `attention 1x${heads}x${positions}x${width}${causal ? ', causal' : ''}, ${threads} thread${threads > 1 ? 's' : ''}`
  const shape = [1, positions, heads * width] as const
  const [query, key, value] = [1, 2, 3].map((seed) => noise(positions * heads * width, seed))
  const session = await openSession(
    `${models}attention/heads-${heads}${causal ? '-causal' : ''}.onnx`,
    threads,
  )
  const toPeer = (data: Float32Array) => new ort.Tensor('float32', data, shape)
  const feeds = { query: toPeer(query!), key: toPeer(key!), value: toPeer(value!) }
  // Both leave the result in memory of their own: a copy for JavaScript is no part of attention.
  const fetches = { output: toPeer(new Float32Array(positions * heads * width)) }
  using q = Tensor.from(query!, shape)
  using k = Tensor.from(key!, shape)
  using v = Tensor.from(value!, shape)
  const attend = () => merge(ops.attention(split(q, heads), split(k, heads), split(v, heads), { causal }))
  const ours = async () => {
    using y = attend()
    await evaluate([y], { threads })
  }
  const peer = () => session.run(feeds, fetches)

  using result = attend()
  const got = await result.data({ threads })
  await peer()
  const want = fetches.output.data as Float32Array
  const error = got.reduce((worst, element, index) => Math.max(worst, Math.abs(element - want[index]!)), 0)
  if (!(error < 1e-4)) throw new Error(`${name}: results differ by ${error}`)

  const line = await race(`${name}, against onnxruntime-node`, rounds, steady(ours), steady(peer))
  await session.release()
  // Of q k' and of the weighted sum; a causal query sees half of the keys.
  const pairs = causal ? (positions * (positions + 1)) / 2 : positions * positions
  const rate = (milliseconds: number) => ((4 * heads * pairs * width) / milliseconds / 1e6).toFixed(0)
  return {
    ...line,
    text: `${line.text}; ${rate(line.ours!.median)} GFLOP/s against ${rate(line.peer!.median)}`,
  }
}

type Sequences = Tensor<'float32'>

/** [B, N, H * D] as [B, H, N, D]: a view. */
function split(x: Sequences, heads: number) {
  const [batch, positions, width] = x.shape as [number, number, number]
  return ops.permute(ops.reshape(x, [batch, positions, heads, width / heads]), [0, 2, 1, 3])
}

/** [B, H, N, D] as [B, N, H * D]: attention writes its result so. */
function merge(x: Sequences): Sequences {
  const [batch, heads, positions, width] = x.shape as [number, number, number, number]
  return ops.reshape(ops.permute(x, [0, 2, 1, 3]), [batch, positions, heads * width])
}

/** Numbers between -2 and 2 without a pattern, the same for the same seed: scores of which some stand out. */
function noise(count: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 30
  })
}
