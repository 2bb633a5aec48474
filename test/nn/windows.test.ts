import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { gridDistances } from '../../lib/nn/grid-bias.js'
import { TransposedConvolution } from '../../lib/nn/transposed-convolution.js'
import { windowLayout } from '../../lib/nn/windows.js'
import type { FloatTensor } from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

test('windows hold each position of a grid once, the others are padding', () => {
  for (const [height, width, shift] of [
    [4, 6, 0],
    [5, 7, 1],
    [2, 3, 0],
    [7, 9, 1],
  ] as const) {
    const { windows, positions, from, to, padded, regions } = windowLayout(
      [height, width],
      [2, 3],
      [shift, shift],
    )
    assert.is(windows, Math.ceil(height / 2) * Math.ceil(width / 3))
    assert.is(positions, 6)
    for (const [position, place] of to.entries()) assert.is(from[place], position)
    const padding = from.filter((position) => position === height * width).length
    assert.is(padding, windows * 6 - height * width)
    assert.is(padded, padding > 0)
    assert.is(regions !== undefined, shift > 0)
  }
})

test('shifted windows: rows and columns that the shift brought from the other end are other regions', () => {
  const { from, regions } = windowLayout([4, 4], [2, 2], [1, 1])
  assert.equal([...from], [5, 6, 9, 10, 7, 4, 11, 8, 13, 14, 1, 2, 15, 12, 3, 0])
  assert.equal([...regions!], [0, 0, 0, 0, 1, 2, 1, 2, 3, 3, 6, 6, 4, 5, 7, 8])
})

test('distances in a grid, and the three entries of a class token', async () => {
  const plain = await gridDistances([2, 2]).data()
  assert.equal([...plain], [4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4])
  const withClass = gridDistances([1, 2], true)
  assert.equal([...withClass.shape], [3, 3])
  assert.equal([...(await withClass.data())], [5, 3, 3, 4, 1, 0, 4, 2, 1])
  await rejects(async () => gridDistances([100, 100]), 'LIMIT_EXCEEDED', /tableElements/)
})

test('a transposed convolution whose stride is its kernel', async () => {
  // Input channels 2, outputs 1, kernel 2: [2, 1, 2, 2].
  const weight = Tensor.from([1, 2, 3, 4, 10, 20, 30, 40], [2, 1, 2, 2]) as FloatTensor
  const layer = new TransposedConvolution(weight, Tensor.from([0.5], [1]) as FloatTensor)
  const y = layer.forward(Tensor.from([1, 0, 0, 1], [1, 1, 2, 2]) as FloatTensor)
  assert.equal([...y.shape], [1, 2, 4, 1])
  assert.equal([...(await y.data())], [1.5, 2.5, 10.5, 20.5, 3.5, 4.5, 30.5, 40.5])
})

test.run()
