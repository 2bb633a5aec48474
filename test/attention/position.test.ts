import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { learnedPositions, sinusoidalPositions } from '../../lib/attention/index.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { randomMatrix, tensorOf, worst } from './reference.js'

const [places, width] = [50, 10]
const angle = (place: number, pair: number) => place / 10000 ** ((2 * pair) / width)
const each = (element: (place: number, column: number) => number) =>
  Array.from({ length: places * width }, (_, index) => element(Math.floor(index / width), index % width))

test('interleaved: sine and cosine of an angle side by side', async () => {
  const expected = each((place, column) => {
    const turned = angle(place, Math.floor(column / 2))
    return column % 2 === 0 ? Math.sin(turned) : Math.cos(turned)
  })
  assert.ok((await worst(sinusoidalPositions(places, width), expected)) < 1e-7)
  assert.ok((await worst(sinusoidalPositions(places, width, 'interleaved'), expected)) < 1e-7)
})

test('halves: sines, then cosines', async () => {
  const expected = each((place, column) =>
    column < width / 2 ? Math.sin(angle(place, column)) : Math.cos(angle(place, column - width / 2)),
  )
  assert.ok((await worst(sinusoidalPositions(places, width, 'halves'), expected)) < 1e-7)
})

test('the dot product of two positions depends on how far apart they are', async () => {
  const table = sinusoidalPositions(places, width)
  const products = (await ops.matmul(table, ops.transpose(table)).toArray()) as number[][]
  for (let row = 0; row < places; row++)
    for (let column = row; column < places; column++)
      assert.ok(Math.abs(products[row]![column]! - products[0]![column - row]!) < 1e-4)
})

test('learned positions are rows of a table: the first ones, or those asked for', async () => {
  const rows = randomMatrix(6, 4, 1)
  const table = tensorOf(rows)
  assert.is(await worst(learnedPositions(table, 6), rows.flat()), 0)
  assert.is(await worst(learnedPositions(table, 2), rows.slice(0, 2).flat()), 0)
  const asked = learnedPositions(table, Tensor.from([5, 0, 5, 1], [2, 2], 'int32'))
  assert.equal(asked.shape, [2, 2, 4])
  assert.is(
    await worst(
      asked,
      [5, 0, 5, 1].flatMap((row) => rows[row]!),
    ),
    0,
  )
})

test('what does not fit is an error that names it', async () => {
  const table = Tensor.zeros([6, 4])
  await rejects(
    () => learnedPositions(table, 7),
    'INDEX_OUT_OF_RANGE',
    /positions: expected at most 6, as in the table \[6, 4\], got 7/,
  )
  await rejects(() => learnedPositions(table, 0), 'OPTION_INVALID', /positions: .* got 0/)
  await rejects(
    () => learnedPositions(table, Tensor.from([6], [1], 'int32')).data(),
    'INDEX_OUT_OF_RANGE',
    /index/,
  )
  await rejects(
    () => learnedPositions(Tensor.zeros([4] as number[]), 1),
    'SHAPE_MISMATCH',
    /table: expected rank 2/,
  )
  await rejects(() => sinusoidalPositions(0, 4), 'OPTION_INVALID', /count: .* got 0/)
  await rejects(() => sinusoidalPositions(4, 2.5), 'OPTION_INVALID', /width: .* got 2.5/)
  await rejects(
    () => sinusoidalPositions(4, 4, 'thirds' as 'halves'),
    'OPTION_INVALID',
    /'interleaved' or 'halves', got 'thirds'/,
  )
})

test.run()
