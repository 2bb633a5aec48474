import { load, Tensor } from '../../lib/index.js'
import type { Marian } from '../../lib/models/marian/marian.js'
import { type Line, race, steady } from './line.js'
import { type OrtTensor, openSession, ort, type Session } from './peer.js'

const sourceLength = 24
const newTokens = 48
const layers = 6
const heads = 8
const width = 64
const start = 31999

/** Tokens per second of greedy decoding with a cache: a Transformer-base that never generates the end token. */
export async function benchTranslation(
  models: string,
  name: string,
  threads: number,
  rounds: number,
): Promise<Line[]> {
  const dir = `${models}${name}`
  const ids = BigInt64Array.from({ length: sourceLength }, (_, index) => BigInt(100 + index * 37))
  const mask = new BigInt64Array(sourceLength).fill(1n)
  const [encoder, cross, step] = await Promise.all(
    ['encoder', 'cross', 'step'].map((part) => openSession(`${dir}/${part}.onnx`, threads)),
  )
  using model = (await load(dir, { threads })) as Marian
  const ours = async () => {
    const inputIds = Tensor.from(ids, [1, sourceLength], 'int64')
    const attentionMask = Tensor.from(mask, [1, sourceLength], 'int64')
    const options = { maxNewTokens: newTokens, minNewTokens: newTokens, badWordsIds: [[start]] }
    const { sequences } = await model.generate({ inputIds, attentionMask }, options)
    return sequences[0]!.slice(1)
  }
  const peer = () => greedy(encoder!, cross!, step!, ids, mask)
  const [got, want] = [await ours(), await peer()]
  const same = got.filter((token, index) => token === want[index]).length
  // Our config forces the end token as the last one; the peer's loop does not.
  if (same < newTokens - 1) throw new Error(`${name}: only ${same} of ${newTokens} tokens agree`)
  const line = await race(
    `${name} greedy, ${sourceLength} source and ${newTokens} new tokens, ${threads} thread${threads > 1 ? 's' : ''}, against onnxruntime-node`,
    rounds,
    steady(ours),
    steady(peer),
  )
  for (const session of [encoder, cross, step]) await session!.release()
  const speed = (milliseconds: number) => ((newTokens * 1000) / milliseconds).toFixed(0)
  return [
    {
      ...line,
      text: `${line.text}; ${speed(line.ours!.median)} tokens a second against ${speed(line.peer!.median)}`,
    },
  ]
}

/** Decodes as transformers.js does: one run for each token, with the caches of the run before. */
async function greedy(
  encoder: Session,
  cross: Session,
  step: Session,
  ids: BigInt64Array,
  mask: BigInt64Array,
): Promise<number[]> {
  const attention_mask = new ort.Tensor('int64', mask, [1, sourceLength])
  const { memory } = await encoder.run({
    input_ids: new ort.Tensor('int64', ids, [1, sourceLength]),
    attention_mask,
  })
  const source = await cross.run({ memory: memory! })
  let past: Record<string, OrtTensor> = {}
  for (let layer = 0; layer < layers; layer++)
    for (const part of ['key', 'value'])
      past[`past.${layer}.${part}`] = new ort.Tensor('float32', new Float32Array(0), [1, heads, 0, width])
  const tokens: number[] = []
  let last = start
  for (let place = 0; place < newTokens; place++) {
    const { logits, ...present } = await step.run({
      input_ids: new ort.Tensor('int64', BigInt64Array.of(BigInt(last)), [1, 1]),
      position: new ort.Tensor('int64', BigInt64Array.of(BigInt(place)), [1]),
      attention_mask,
      ...past,
      ...source,
    })
    past = Object.fromEntries(
      Object.entries(present).map(([key, value]) => [key.replace('present', 'past'), value]),
    )
    last = best(logits!.data as Float32Array)
    tokens.push(last)
  }
  return tokens
}

/** The most likely token except padding and end tokens, which saccade's options also suppress. */
function best(logits: Float32Array): number {
  let place = 1
  for (let token = 2; token < start; token++) if (logits[token]! > logits[place]!) place = token
  return place
}
