import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { heatMap } from '../../lib/attention/index.js'
import type { FloatTensor } from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

test('five shades from the lowest to the highest', async () => {
  assert.is(await heatMap(Tensor.from([0, 1, 2, 3, 4], [1, 5])), '··░░▒▒▓▓██')
  assert.is(await heatMap(Tensor.from([-4, -3, -2, -1, 0], [1, 5])), '··░░▒▒▓▓██')
  assert.is(await heatMap(Tensor.from([1, 1, 2, 2], [2, 2])), '▒▒▒▒\n████')
  // To the nearest shade.
  assert.is(await heatMap(Tensor.from([0.4, 0.6, 3.4, 4], [1, 4])), '··░░▓▓██')
})

test('given limits hold, and what is past them is cut off', async () => {
  assert.is(await heatMap(Tensor.from([-9, 0, 9], [1, 3]), { low: -1, high: 1 }), '··▒▒██')
})

test('masks, hidden similarities, NaN and a matrix of zeros', async () => {
  assert.is(await heatMap(Tensor.from([true, false], [1, 2], 'bool')), '██··')
  assert.is(await heatMap(Tensor.from([Number.NEGATIVE_INFINITY, 1, Number.NaN], [1, 3])), '··██??')
  assert.is(await heatMap(Tensor.zeros([1, 2])), '····')
})

test('what does not fit is an error that names it', async () => {
  await rejects(() => heatMap(Tensor.zeros([2])), 'SHAPE_MISMATCH', /heatMap: expected rank 2/)
  await rejects(
    () => heatMap(Tensor.zeros([1, 1], 'int32') as unknown as FloatTensor),
    'DTYPE_MISMATCH',
    /heatMap: expected float32 or bool/,
  )
  await rejects(
    () => heatMap(Tensor.zeros([1, 1]), { low: 1, high: 0 }),
    'OPTION_INVALID',
    /low: expected .* high, which is 0, got 1/,
  )
})

test.run()
