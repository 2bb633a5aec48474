import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CrossAttention, SelfAttention } from '../../lib/nn/attention.js'
import { RotaryPositions } from '../../lib/nn/rotary.js'
import * as ops from '../../lib/ops/index.js'
import { sameBits } from '../models/bits.js'
import { fill, type Nd, permute, Random, range, tensor } from '../ops/reference.js'
import { assertModule, randomCrossAttention, randomSelfAttention } from './random-modules.js'
import * as reference from './reference.js'
import { withReader } from './weights.js'

const [B, N, width, heads] = [2, 7, 24, 3]

/** Hides the last keys of the second sequence. */
const padding = reference.hiding([B, 1, 1, N], ([b, , , key]) => b === 1 && key! >= 4)

const calls = [
  ['without restrictions', {}],
  ['causal', { causal: true }],
  ['with padding', { mask: padding }],
  ['causal, with padding', { causal: true, mask: padding }],
] as const

for (const [name, call] of calls)
  test(`self-attention ${name}`, async () => {
    const random = new Random(1)
    const { attention, forward } = randomSelfAttention(random, { width, heads })
    const x = random.numbers([B, N, width])
    const expected = forward(x, call)
    const mask = 'mask' in call ? tensor(call.mask) : undefined
    const got = attention.forward(tensor(x), { ...call, mask, weights: true })
    await assertModule(got.output, expected.output, 'output')
    await assertModule(got.weights!, expected.weights, 'weights')
    assert.is(attention.forward(tensor(x), { ...call, mask }).weights, undefined)
  })

test('self-attention with a bias of the scores for each head', async () => {
  const random = new Random(2)
  const { attention, forward } = randomSelfAttention(random, { width, heads })
  const [x, bias] = [random.numbers([B, N, width]), random.numbers([heads, N, N], 2)]
  await assertModule(
    attention.forward(tensor(x), { mask: tensor(bias) }).output,
    forward(x, { mask: bias }).output,
    'output',
  )
})

test('norms over queries, keys and heads, a scale, and values of another width', async () => {
  const random = new Random(3)
  for (const kind of [
    { queryKeyNorm: true },
    { innerNorm: true },
    { scale: 1 },
    { valueWidth: 15 },
    { queryKeyNorm: true, innerNorm: true, scale: 0.3, valueWidth: 30 },
  ]) {
    const { attention, forward } = randomSelfAttention(random, { width, heads, ...kind })
    const x = random.numbers([B, N, width])
    const what = JSON.stringify(kind)
    await assertModule(attention.forward(tensor(x)).output, forward(x).output, what, 8)
  }
})

test('rotary positions turn queries and keys, behind their norms', async () => {
  const random = new Random(4)
  for (const layout of ['halves', 'interleaved'] as const) {
    const { attention, forward } = randomSelfAttention(random, { width, heads, queryKeyNorm: true })
    const x = random.numbers([B, N, width])
    const options = { positions: 16, width: 6, base: 100, layout }
    const rotation = new RotaryPositions(options).first(N)
    const angles = reference.rotaryAngles(range(N), 6, 100)
    const rotate = (y: Nd) => reference.rotate(y, angles, layout)
    const got = attention.forward(tensor(x), { rotation, weights: true })
    const expected = forward(x, { rotate })
    await assertModule(got.output, expected.output, layout, 8)
    await assertModule(got.weights!, expected.weights, layout, 8)
  }
})

test('attentions are read under one name or several, stored either way', async () => {
  const random = new Random(8)
  const [x, memory] = [random.numbers([B, N, width]), random.numbers([B, 4, 16])]
  const weights = (outputs: number, inputs: number) => random.numbers([outputs, inputs], 0.3)
  const [q, k, v, out] = [weights(24, 24), weights(24, 24), weights(24, 24), weights(24, 24)]
  const [crossKey, crossValue] = [weights(24, 16), weights(24, 16)]
  const rows = (parts: readonly Nd[]): Nd => ({
    shape: [24 * parts.length, parts[0]!.shape[1]!],
    data: parts.flatMap(({ data }) => data),
  })
  const stored = {
    ...{ 'q.weight': q, 'k.weight': k, 'v.weight': v, 'out.weight': out },
    'c_attn.weight': permute(rows([q, k, v]), [1, 0]),
    'c_proj.weight': permute(out, [1, 0]),
    'kv.weight': rows([crossKey, crossValue]),
  }
  await withReader(stored, async (reader) => {
    const sizes = { width, heads, bias: false }
    const apart = SelfAttention.read(reader, { queryKeyValue: ['q', 'k', 'v'], output: 'out' }, sizes)
    const conv1d = { ...sizes, transposed: true }
    const fused = SelfAttention.read(reader, { queryKeyValue: 'c_attn', output: 'c_proj' }, conv1d)
    const split = (y: Nd, weight: Nd) => reference.splitHeads(reference.linear(y, weight), heads)
    const project = (y: Nd) => reference.linear(reference.mergeHeads(y), out)
    const own = reference.attention(split(x, q), split(x, k), split(x, v))
    await assertModule(apart.forward(tensor(x)).output, project(own.output), 'three names')
    await sameBits(fused.forward(tensor(x)).output, apart.forward(tensor(x)).output, 'one name')
    const names = { query: 'q', keyValue: 'kv', output: 'out' }
    const cross = CrossAttention.read(reader, names, { ...sizes, memoryWidth: 16 })
    const other = reference.attention(split(x, q), split(memory, crossKey), split(memory, crossValue))
    const got = cross.forward(tensor(x), cross.project(tensor(memory)))
    await assertModule(got.output, project(other.output), 'cross-attention')
  })
})

test('some rows of the weights', async () => {
  const random = new Random(5)
  const { attention } = randomSelfAttention(random, { width, heads })
  const x = tensor(random.numbers([B, N, width]))
  const all = attention.forward(x, { causal: true, weights: true })
  const some = attention.forward(x, { causal: true, weights: { start: 2, end: 5 } })
  await sameBits(some.weights!, ops.slice(all.weights!, { axis: 2, start: 2, end: 5 }), 'rows 2 to 5')
  await sameBits(some.output, all.output, 'output')
})

test('cross-attention to a memory of another width', async () => {
  const random = new Random(6)
  const { crossAttention, forward } = randomCrossAttention(random, width, 16, heads)
  const [x, memory] = [random.numbers([B, 4, width]), random.numbers([B, N, 16])]
  const projected = crossAttention.project(tensor(memory))
  const got = crossAttention.forward(tensor(x), projected, { mask: tensor(padding), weights: true })
  const expected = forward(x, memory, { mask: padding })
  await assertModule(got.output, expected.output, 'output')
  await assertModule(got.weights!, expected.weights, 'weights')
})

test('several rows may attend to one row of the memory', async () => {
  const random = new Random(7)
  const { crossAttention, forward } = randomCrossAttention(random, width, width, heads)
  const [x, memory] = [random.numbers([6, 2, width]), random.numbers([B, N, width])]
  const repeated = fill([6, N, width], ([row, n, c]) => {
    return memory.data[(Math.floor(row! / 3) * N + n!) * width + c!]!
  })
  const got = crossAttention.forward(tensor(x), crossAttention.project(tensor(memory)))
  await assertModule(got.output, forward(x, repeated).output, 'three rows for each source')
})

test.run()
