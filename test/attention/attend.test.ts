import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type AttendOptions,
  attend,
  causalMask,
  general,
  type Mask,
  multiHead,
  paddingMask,
  windowMask,
} from '../../lib/attention/index.js'
import { SelfAttention } from '../../lib/nn/attention.js'
import { FusedLinear } from '../../lib/nn/fused-linear.js'
import { Linear } from '../../lib/nn/linear.js'
import type { FloatTensor } from '../../lib/ops/index.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { batchOf, randomMatrix, tensorOf, worst } from './reference.js'

const [B, H, Nq, Nk, D, Dv] = [2, 3, 5, 9, 8, 6]
const heads = (places: number, width: number, seed: number) =>
  batchOf(
    Array.from({ length: B * H }, (_, entry) => randomMatrix(places, width, seed + entry)),
    [B, H],
  )
const [q, k, v] = [heads(Nq, D, 1), heads(Nk, D, 101), heads(Nk, Dv, 201)]
const lengths = Tensor.from([4, 0], [B], 'int32')
const padding = paddingMask(ops.reshape(lengths, [B, 1]), Nk)

/** Restrictions as masks of this room, and as options of ops.attention. */
const cases: readonly (readonly [string, Mask | undefined, ops.AttentionOptions])[] = [
  ['without a mask', undefined, {}],
  ['causal', causalMask(Nq, Nk), { causal: true }],
  ['window', windowMask(Nq, Nk, 2), { window: 2 }],
  ['padding, one entry without keys', padding, { keyLength: lengths }],
  [
    'causal in a window',
    ops.logicalAnd(causalMask(Nq, Nk), windowMask(Nq, Nk, 1)),
    { causal: true, window: 1 },
  ],
]

for (const [name, mask, options] of cases)
  test(`attend gives what ops.attention and ops.attentionWeights give: ${name}`, async () => {
    const plain = attend(q, k, v, { mask })
    const fast = await ops.attention(q, k, v, options).data()
    assert.ok((await worst(plain.output, Array.from(fast))) < 1e-6)
    const weights = await ops.attentionWeights(q, k, options).data()
    assert.ok((await worst(plain.weights, Array.from(weights))) < 1e-6)
  })

test('rows of weights add up to 1, or to 0 where nothing is seen', async () => {
  const { weights } = attend(q, k, v, { mask: padding })
  const sums = await ops.sum(weights, -1).data()
  for (const [row, sum] of sums.entries()) assert.ok(Math.abs(sum - (row < H * Nq ? 1 : 0)) < 1e-6)
})

test('hard retrieval: one value each, and weights that say which', async () => {
  const { output, weights } = attend(q, k, v, { retrieval: 'hard', mask: causalMask(Nq, Nk) })
  const product = await ops.matmul(weights, v).data()
  assert.is(await worst(output, Array.from(product)), 0)
  assert.equal(new Set(await weights.data()), new Set([0, 1]))
})

test('any similarity will do, if it gives a number for each pair', async () => {
  const w = tensorOf(randomMatrix(D, D, 77))
  const { similarity } = attend(q, k, v, { similarity: (a, b) => general(a, b, w) })
  assert.is(await worst(similarity, Array.from(await general(q, k, w).data())), 0)
  await rejects(
    () => attend(q, k, v, { similarity: (a) => a }),
    'SHAPE_MISMATCH',
    /similarity function: expected .* \[2, 3, 5, 9\], got \[2, 3, 5, 8\]/,
  )
  await rejects(
    () => attend(q, k, v, { similarity: () => undefined as unknown as FloatTensor }),
    'INPUT_INVALID',
    /result of the similarity function: expected a tensor/,
  )
})

test('without positions, attention does not know order', async () => {
  const x = tensorOf(randomMatrix(6, D, 5))
  const order = Tensor.from([3, 1, 5, 0, 4, 2], [6], 'int32')
  const shuffled = ops.gather(x, order)
  const later = await ops.gather(attend(x, x, x).output as FloatTensor, order).data()
  assert.ok((await worst(attend(shuffled, shuffled, shuffled).output, Array.from(later))) < 1e-6)
})

const width = H * D
const places = (count: number, seed: number) =>
  batchOf(
    Array.from({ length: B }, (_, entry) => randomMatrix(count, width, seed + entry)),
    [B],
  )

test('multiHead attends in each part of the width by itself', async () => {
  const [x, y] = [places(Nq, 301), places(Nk, 401)]
  const { output, weights } = multiHead(x, y, y, H)
  assert.equal(weights.shape, [B, H, Nq, Nk])
  const parts = Array.from({ length: H }, (_, head) => {
    const cut = (t: FloatTensor) => ops.slice(t, { axis: 2, start: head * D, end: (head + 1) * D })
    return attend(cut(x), cut(y), cut(y)).output as FloatTensor
  })
  const joined = await ops.concat(parts, 2).data()
  assert.ok((await worst(output, Array.from(joined))) < 1e-6)
})

test('multiHead with one head is attend', async () => {
  const [x, y] = [places(Nq, 301), places(Nk, 401)]
  const single = await attend(x, y, y).output.data()
  assert.is(await worst(multiHead(x, y, y, 1).output, Array.from(single)), 0)
})

test('multiHead takes masks for all heads alike, for each entry, and for each head', async () => {
  const [x, y] = [places(Nq, 301), places(Nk, 401)]
  const causal = causalMask(Nq, Nk)
  const expected = Array.from(await multiHead(x, y, y, H, { mask: causal }).output.data())
  for (const shape of [
    [1, Nq, Nk],
    [B, Nq, Nk],
    [B, H, Nq, Nk],
  ]) {
    const mask = ops.expand(causal, shape)
    assert.is(await worst(multiHead(x, y, y, H, { mask }).output, expected), 0)
  }
  const entries = multiHead(x, y, y, H, { mask: paddingMask([1, Nk], Nk) }).weights
  const first = await ops.select(entries, 0, 0).data()
  for (const [place, weight] of first.entries()) assert.is(weight, place % Nk === 0 ? 1 : 0)
})

test('with projections around it, multiHead is the self-attention of models', async () => {
  const x = places(Nq, 501)
  const linear = (seed: number) => new Linear(tensorOf(randomMatrix(width, width, seed)))
  const [query, key, value, out] = [linear(1), linear(2), linear(3), linear(4)] as const
  const queryKeyValue = FusedLinear.of([query, key, value])
  const model = new SelfAttention({ heads: H, queryKeyValue, output: out })
  const theirs = model.forward(x, { causal: true, weights: true })
  const ours = multiHead(query.forward(x), key.forward(x), value.forward(x), H, {
    mask: causalMask(Nq),
  })
  assert.ok(
    (await worst(out.forward(ours.output as FloatTensor), Array.from(await theirs.output.data()))) < 1e-4,
  )
  assert.ok((await worst(ours.weights, Array.from(await theirs.weights!.data()))) < 1e-5)
})

test('what does not fit is an error that names it', async () => {
  const option = (options: object) => () => attend(q, k, v, options as AttendOptions)
  await rejects(option({ retrieval: 'firm' }), 'OPTION_INVALID', /'soft' or 'hard', got 'firm'/)
  await rejects(option({ similarity: 'dot' }), 'OPTION_INVALID', /similarity: expected a function, got 'dot'/)
  await rejects(option({ masks: padding }), 'OPTION_UNKNOWN', /mask, got 'masks'/)
  await rejects(
    () => attend(q, k, heads(Nq, Dv, 1)),
    'SHAPE_MISMATCH',
    /values: expected one for each of 9 keys .* got \[2, 3, 5, 6\]/,
  )
  const x = places(Nq, 1)
  await rejects(
    () => multiHead(x, x, x, 5),
    'SHAPE_MISMATCH',
    /queries: expected a width that is a multiple of 5 heads, got \[2, 5, 24\]/,
  )
  await rejects(() => multiHead(x, x, x, 0), 'OPTION_INVALID', /heads: .* got 0/)
  await rejects(() => multiHead(q, q, q, 1), 'SHAPE_MISMATCH', /multiHead: queries: expected rank 3/)
  await rejects(() => multiHead(x, x, x, 2, { mask: causalMask(4) }), 'SHAPE_MISMATCH', /applyMask/)
})

test.run()
