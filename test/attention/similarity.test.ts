import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  additive,
  additiveTanh,
  dotProduct,
  general,
  scaledDotProduct,
  softWeights,
} from '../../lib/attention/index.js'
import type { FloatTensor } from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { batchOf, dot, pairs, randomMatrix, tensorOf, worst } from './reference.js'

const [Nq, Nk, Dq, Dk, H] = [5, 7, 6, 9, 4]
const q = randomMatrix(Nq, Dq, 1)
const k = randomMatrix(Nk, Dq, 2)
const wide = randomMatrix(Nk, Dk, 3)
const tolerance = 1e-5

test('dotProduct is the dot product of each pair', async () => {
  assert.ok((await worst(dotProduct(tensorOf(q), tensorOf(k)), pairs(q, k, dot).flat())) < tolerance)
})

test('scaledDotProduct divides by the square root of the width, or multiplies by its scale', async () => {
  const expected = pairs(q, k, (a, b) => dot(a, b) / Math.sqrt(Dq)).flat()
  assert.ok((await worst(scaledDotProduct(tensorOf(q), tensorOf(k)), expected)) < tolerance)
  const doubled = pairs(q, k, (a, b) => dot(a, b) * 2).flat()
  assert.ok((await worst(scaledDotProduct(tensorOf(q), tensorOf(k), 2), doubled)) < tolerance)
})

test('general is q^T W k, for queries and keys of different width', async () => {
  const w = randomMatrix(Dq, Dk, 4)
  const expected = pairs(q, wide, (a, b) => a.reduce((sum, x, row) => sum + x * dot(w[row]!, b), 0)).flat()
  assert.ok((await worst(general(tensorOf(q), tensorOf(wide), tensorOf(w)), expected)) < tolerance)
})

test('additive is w_q^T q + w_k^T k, and softmax over the keys takes the first term away', async () => {
  const [wq, wk] = [randomMatrix(1, Dq, 5)[0]!, randomMatrix(1, Dk, 6)[0]!]
  const similarity = additive(tensorOf(q), tensorOf(wide), Tensor.from(wq), Tensor.from(wk))
  const expected = pairs(q, wide, (a, b) => dot(wq, a) + dot(wk, b)).flat()
  assert.ok((await worst(similarity, expected)) < tolerance)
  const weights = (await softWeights(similarity).toArray()) as number[][]
  for (const row of weights)
    for (const [key, x] of row.entries()) assert.ok(Math.abs(x - weights[0]![key]!) < tolerance)
})

test('additiveTanh is v^T tanh(W_q q + W_k k)', async () => {
  const [query, key] = [randomMatrix(H, Dq, 7), randomMatrix(H, Dk, 8)]
  const output = randomMatrix(1, H, 9)[0]!
  const similarity = additiveTanh(tensorOf(q), tensorOf(wide), {
    query: tensorOf(query),
    key: tensorOf(key),
    output: Tensor.from(output),
  })
  const hidden = (a: readonly number[], b: readonly number[]) =>
    output.map((_, unit) => Math.tanh(dot(query[unit]!, a) + dot(key[unit]!, b)))
  assert.ok((await worst(similarity, pairs(q, wide, (a, b) => dot(output, hidden(a, b))).flat())) < tolerance)
})

test('axes before the last two are broadcast', async () => {
  const queries = [0, 1, 2, 3, 4, 5].map((entry) => randomMatrix(Nq, Dq, 10 + entry))
  const keys = [0, 1, 2].map((entry) => randomMatrix(Nk, Dq, 20 + entry))
  const similarity = dotProduct(batchOf(queries, [2, 3]), batchOf(keys, [3]))
  assert.equal(similarity.shape, [2, 3, Nq, Nk])
  const expected = queries.flatMap((entry, index) => pairs(entry, keys[index % 3]!, dot).flat())
  assert.ok((await worst(similarity, expected)) < tolerance)

  const [wq, wk] = [Tensor.from(randomMatrix(1, Dq, 5)[0]!), Tensor.from(randomMatrix(1, Dq, 6)[0]!)]
  const one = additive(batchOf(queries, [2, 3]), batchOf(keys, [3]), wq, wk)
  assert.equal(one.shape, [2, 3, Nq, Nk])
  const { query, key, output } = {
    query: tensorOf(randomMatrix(H, Dq, 7)),
    key: tensorOf(randomMatrix(H, Dq, 8)),
    output: Tensor.from(randomMatrix(1, H, 9)[0]!),
  }
  const batched = additiveTanh(batchOf(queries, [2, 3]), batchOf(keys, [3]), { query, key, output })
  assert.equal(batched.shape, [2, 3, Nq, Nk])
  const last = await additiveTanh(tensorOf(queries[5]!), tensorOf(keys[2]!), { query, key, output }).data()
  assert.equal((await batched.data()).subarray(5 * Nq * Nk), last)
})

test('what does not fit is an error that names it', async () => {
  const [queries, keys] = [tensorOf(q), tensorOf(wide)]
  const vector = Tensor.zeros([3] as number[])
  await rejects(
    () => dotProduct(queries, keys),
    'SHAPE_MISMATCH',
    /dotProduct: keys: expected the width of the queries \[5, 6\], got \[7, 9\]/,
  )
  await rejects(() => scaledDotProduct(queries, keys), 'SHAPE_MISMATCH', /scaledDotProduct/)
  await rejects(() => scaledDotProduct(queries, tensorOf(k), Number.NaN), 'OPTION_INVALID', /scale: .*NaN/)
  await rejects(() => dotProduct(vector, vector), 'SHAPE_MISMATCH', /queries: expected .* got \[3\]/)
  await rejects(
    () => dotProduct(queries, Tensor.zeros([7, 6], 'int32') as unknown as FloatTensor),
    'DTYPE_MISMATCH',
    /keys: expected float32, got int32\[7, 6\]/,
  )
  await rejects(
    () => dotProduct(Tensor.zeros([2, 5, 6] as number[]), Tensor.zeros([3, 7, 6])),
    'SHAPE_MISMATCH',
    /queries and keys: .* shapes that broadcast/,
  )
  await rejects(
    () => general(queries, keys, tensorOf(q)),
    'SHAPE_MISMATCH',
    /general: weight: expected \[6, 9\]/,
  )
  await rejects(
    () => additive(queries, keys, vector, vector),
    'SHAPE_MISMATCH',
    /queryWeight: expected \[6\]/,
  )
  await rejects(
    () => additive(queries, keys, Tensor.zeros([6]), vector),
    'SHAPE_MISMATCH',
    /keyWeight: expected \[9\]/,
  )
  const parts = { query: Tensor.zeros([3, 6]), key: Tensor.zeros([3, 9]), output: vector }
  await rejects(
    () => additiveTanh(queries, keys, { ...parts, key: Tensor.zeros([4, 9]) }),
    'SHAPE_MISMATCH',
    /additiveTanh: key: expected \[3, 9\], got \[4, 9\]/,
  )
  await rejects(
    () => additiveTanh(queries, keys, { ...parts, output: Tensor.zeros([3, 1]) }),
    'SHAPE_MISMATCH',
    /additiveTanh: output: expected \[3\], got \[3, 1\]/,
  )
})

test('nothing is computed until it is asked for', async () => {
  const [queries, keys] = [tensorOf(q), tensorOf(k)]
  const similarity = scaledDotProduct(queries, keys)
  assert.not(similarity.computed)
  await similarity.data()
  assert.ok(similarity.computed)
})

test.run()
