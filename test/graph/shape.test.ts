import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  broadcastShapes,
  checkShape,
  contiguousStrides,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  sizeOf,
} from '../../lib/graph/shape.js'
import { rejects } from '../support/errors.js'

test('sizes, strides and text of shapes', () => {
  assert.is(sizeOf([]), 1)
  assert.is(sizeOf([2, 3, 4]), 24)
  assert.is(sizeOf([2, 0, 4]), 0)
  assert.equal(contiguousStrides([]), [])
  assert.equal(contiguousStrides([2, 3, 4]), [12, 4, 1])
  assert.equal(contiguousStrides([2, 1, 4]), [4, 4, 1])
  assert.is(formatShape([2, 3]), '[2, 3]')
  assert.is(formatShape([]), '[]')
  assert.ok(sameShape([2, 3], [2, 3]))
  assert.not(sameShape([2, 3], [3, 2]))
  assert.not(sameShape([2], [2, 1]))
})

test('invalid shapes', async () => {
  for (const shape of [[1.5], [-1], [NaN], ['2'], [null], 3, null, undefined, 'ab', { length: 1 }])
    await rejects(
      () => checkShape(shape as number[], 'here'),
      'SHAPE_MISMATCH',
      /here: expected a shape, a list of whole numbers/,
    )
  await rejects(
    () => checkShape([1, 1, 1, 1, 1, 1, 1, 1, 1], 'here'),
    'SHAPE_MISMATCH',
    /at most 8 axes, got /,
  )
  await rejects(() => checkShape([2 ** 40, 2 ** 40], 'here'), 'SHAPE_MISMATCH', /fewer than 2\^53 elements/)
  checkShape([], 'here')
  checkShape([0, 5], 'here')
})

test('axes count from either end', async () => {
  assert.is(normalizeAxis(0, 3, 'x'), 0)
  assert.is(normalizeAxis(-1, 3, 'x'), 2)
  assert.is(normalizeAxis(-3, 3, 'x'), 0)
  for (const axis of [3, -4, 0.5, NaN])
    await rejects(
      () => normalizeAxis(axis, 3, 'x'),
      'SHAPE_MISMATCH',
      /x: expected an axis of a tensor of rank 3, got axis /,
    )
  assert.equal(normalizeAxes(undefined, 3, 'x'), [0, 1, 2])
  assert.equal(normalizeAxes(-1, 3, 'x'), [2])
  assert.equal(normalizeAxes([-1, 0], 3, 'x'), [0, 2])
  assert.equal(normalizeAxes([], 3, 'x'), [])
  await rejects(() => normalizeAxes([0, -3], 3, 'x'), 'SHAPE_MISMATCH', /each axis at most once/)
})

test('broadcasting', async () => {
  assert.equal(broadcastShapes([2, 3], [3], 'x'), [2, 3])
  assert.equal(broadcastShapes([], [2], 'x'), [2])
  assert.equal(broadcastShapes([4, 1, 3], [2, 1], 'x'), [4, 2, 3])
  assert.equal(broadcastShapes([0], [1], 'x'), [0])
  await rejects(() => broadcastShapes([2, 3], [2], 'x'), 'SHAPE_MISMATCH', /x: .* \(3 against 2\)/)
  await rejects(() => broadcastShapes([0], [2], 'x'), 'SHAPE_MISMATCH', /0 against 2/)
})

test.run()
