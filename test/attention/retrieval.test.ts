import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hardRetrieval, hardWeights, softRetrieval, softWeights } from '../../lib/attention/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { batchOf, product, randomMatrix, softmaxRows, tensorOf, worst } from './reference.js'

const hidden = Number.NEGATIVE_INFINITY
const similarity = [
  [0.5, 2, -1],
  [3, 3, 3],
  [hidden, 1, hidden],
  [hidden, hidden, hidden],
] as const
const values = [
  [1, 10],
  [2, 20],
  [3, 30],
] as const

test('soft weights are the softmax of each row, and nothing where no key is seen', async () => {
  const expected = softmaxRows(similarity)
  assert.ok((await worst(softWeights(tensorOf(similarity)), expected.flat())) < 1e-6)
  assert.ok(
    (await worst(softRetrieval(tensorOf(similarity), tensorOf(values)), product(expected, values).flat())) <
      1e-5,
  )
})

test('hard weights mark the largest similarity, the first of equals', async () => {
  assert.equal(await hardWeights(tensorOf(similarity)).toArray(), [
    [0, 1, 0],
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 0],
  ])
})

test('hard retrieval copies the value of the largest similarity', async () => {
  assert.equal(await hardRetrieval(tensorOf(similarity), tensorOf(values)).toArray(), [
    [2, 20],
    [1, 10],
    [2, 20],
    [0, 0],
  ])
})

test('hard retrieval does not touch the values it leaves', async () => {
  const poisoned = tensorOf([[Number.NaN], [7], [Number.POSITIVE_INFINITY]])
  assert.equal(await hardRetrieval(tensorOf([[0, 1, 0]]), poisoned).toArray(), [[7]])
})

test('soft retrieval with ever larger similarities becomes hard retrieval', async () => {
  const row = [0.3, 0.1, 0.2]
  const sharp = softRetrieval(tensorOf([row.map((x) => x * 1000)]), tensorOf(values))
  assert.ok((await worst(sharp, [1, 10])) < 1e-5)
})

test('NaN among the similarities stays visible', async () => {
  const [row] = (await softWeights(tensorOf([[0, Number.NaN]])).toArray()) as number[][]
  assert.ok(row!.every(Number.isNaN))
})

test('each entry of a batch retrieves from its own values', async () => {
  const asked = [0, 1, 2, 3, 4, 5].map((entry) => randomMatrix(4, 5, entry + 1))
  const kept = [0, 1].map((entry) => randomMatrix(5, 3, entry + 31))
  const [s, v] = [batchOf(asked, [3, 2]), batchOf(kept, [2])]
  const best = (row: readonly number[]) => row.indexOf(Math.max(...row))
  const hard = asked.flatMap((rows, entry) => rows.flatMap((row) => kept[entry % 2]![best(row)]!))
  assert.equal(hardRetrieval(s, v).shape, [3, 2, 4, 3])
  assert.is(await worst(hardRetrieval(s, v), hard), 0)
  const soft = asked.flatMap((rows, entry) => product(softmaxRows(rows), kept[entry % 2]!).flat())
  assert.ok((await worst(softRetrieval(s, v), soft)) < 1e-6)
})

test('values may have more axes than similarities', async () => {
  const kept = [0, 1].map((entry) => randomMatrix(3, 2, entry + 41))
  const row = [[0, 5, 1]]
  const result = hardRetrieval(tensorOf(row), batchOf(kept, [2]))
  assert.equal(result.shape, [2, 1, 2])
  assert.is(await worst(result, [...kept[0]![1]!, ...kept[1]![1]!]), 0)
})

test('what does not fit is an error that names it', async () => {
  const s = tensorOf(similarity)
  for (const retrieve of [softRetrieval, hardRetrieval]) {
    const fault = new RegExp(`${retrieve.name}: values: expected one for each of 3 keys .* got \\[2, 2\\]`)
    await rejects(() => retrieve(s, Tensor.zeros([2, 2])), 'SHAPE_MISMATCH', fault)
    await rejects(() => retrieve(s, Tensor.zeros([3])), 'SHAPE_MISMATCH', /values: expected/)
  }
  for (const weigh of [softWeights, hardWeights])
    await rejects(() => weigh(Tensor.zeros([2, 0])), 'SHAPE_MISMATCH', /at least one key, got \[2, 0\]/)
})

test.run()
