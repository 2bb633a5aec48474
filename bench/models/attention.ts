import { evaluate, ops, Tensor } from '../../lib/index.js'
import { type Line, race, steady } from './line.js'
import { openSession, ort } from './peer.js'

interface Size {
  readonly heads: number
  readonly places: number
  readonly width: number
}

/** ViT-B/16's heads at 224 and 384 pixels, then longer texts; and wider heads. */
const sizes: readonly Size[] = [
  ...[197, 577, 1024, 4096, 16384].map((places) => ({ heads: 12, places, width: 64 })),
  { heads: 8, places: 1024, width: 128 },
]
/** The peer's causal operator stores all scores, n² for each head: 13 GB at 16384 positions. */
const mostCausal = 4096
const mostQuick = 1024

/** Fused attention against the peer's fused MultiHeadAttention, on [1, positions, heads * head size]. */
export async function benchAttention(
  models: string,
  threads: number,
  rounds: number,
  quick: boolean,
): Promise<Line[]> {
  const lines: Line[] = []
  for (const causal of [false, true]) {
    for (const size of sizes) {
      if (size.places > Math.min(causal ? mostCausal : Infinity, quick ? mostQuick : Infinity)) continue
      lines.push(await raceSize(models, size, causal, threads, rounds))
    }
  }
  return lines
}

async function raceSize(
  models: string,
  { heads, places, width }: Size,
  causal: boolean,
  threads: number,
  rounds: number,
): Promise<Line> {
  const name = `attention 1x${heads}x${places}x${width}${causal ? ', causal' : ''}, ${threads} thread${threads > 1 ? 's' : ''}`
  const shape = [1, places, heads * width] as const
  const [query, key, value] = [1, 2, 3].map((seed) => noise(places * heads * width, seed))
  const session = await openSession(
    `${models}attention/heads-${heads}${causal ? '-causal' : ''}.onnx`,
    threads,
  )
  const toPeer = (data: Float32Array) => new ort.Tensor('float32', data, shape)
  const feeds = { query: toPeer(query!), key: toPeer(key!), value: toPeer(value!) }
  // Both leave the result in native memory, to exclude the copy to JavaScript.
  const fetches = { output: toPeer(new Float32Array(places * heads * width)) }
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
  // Operations of q k' and of the weighted sum. With a causal mask a query attends to half of the keys on average.
  const pairs = causal ? (places * (places + 1)) / 2 : places * places
  const rate = (milliseconds: number) => ((4 * heads * pairs * width) / milliseconds / 1e6).toFixed(0)
  return {
    ...line,
    text: `${line.text}; ${rate(line.ours!.median)} GFLOP/s against ${rate(line.peer!.median)}`,
  }
}

type Sequences = Tensor<'float32'>

/** [B, N, H * D] as [B, H, N, D]: a view. */
function split(x: Sequences, heads: number) {
  const [batch, places, width] = x.shape as [number, number, number]
  return ops.permute(ops.reshape(x, [batch, places, heads, width / heads]), [0, 2, 1, 3])
}

/** [B, H, N, D] as [B, N, H * D]: attention writes its result so. */
function merge(x: Sequences): Sequences {
  const [batch, heads, places, width] = x.shape as [number, number, number, number]
  return ops.reshape(ops.permute(x, [0, 2, 1, 3]), [batch, places, heads * width])
}

/** Seeded random numbers between -2 and 2, whose scores differ enough for some large weights. */
function noise(count: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 30
  })
}
