import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TensorOutput } from '../../lib/index.js'
import { rejects } from '../support/errors.js'

const output = new TensorOutput(
  'int32',
  Int32Array.from({ length: 24 }, (_, index) => index),
  [2, 3, 4],
)

test('an index gives a part along the first axis, down to scalars', () => {
  assert.equal(output[1]!.dims, [3, 4])
  assert.equal(output[1]!.tolist(), [
    [12, 13, 14, 15],
    [16, 17, 18, 19],
    [20, 21, 22, 23],
  ])
  const scalar = output[1]![2]![3]!
  assert.equal(scalar.dims, [])
  assert.equal(Array.from(scalar.data), [23])
  assert.is(scalar.tolist(), 23)
  assert.is(output[2], undefined)
  assert.is(scalar[0], undefined)
  assert.is(Reflect.get(output, '01'), undefined)
})

test('iteration gives the same parts', () => {
  const parts = [...output]
  assert.is(parts.length, 2)
  for (const [index, part] of parts.entries()) assert.equal(part.tolist(), output[index]!.tolist())
  assert.equal(
    [...output[0]![0]!].map((part) => part.tolist()),
    [0, 1, 2, 3],
  )
})

test('slice takes indices, ranges and whole axes', () => {
  assert.equal(output.slice(1, 2).tolist(), [20, 21, 22, 23])
  assert.equal(output.slice(null, [1, 3], 0).tolist(), [
    [4, 8],
    [16, 20],
  ])
  assert.equal(output.slice(-1, [-2, 3], [0, 99]).dims, [2, 4])
  assert.equal(output.slice(0, [1, 1]).dims, [0, 4])
  assert.equal(output.slice().tolist(), output.tolist())
  assert.is.not(output.slice().data, output.data)
})

test('an output can be written as JSON and sent to a worker', () => {
  const small = new TensorOutput('int64', BigInt64Array.from([1n, 2n]), [1, 2])
  assert.is(JSON.stringify(small), '{"type":"int64","dims":[1,2],"data":[1,2]}')
  const copy = structuredClone(output)
  assert.equal(Array.from(copy.data), Array.from(output.data))
  assert.equal(copy.dims, [2, 3, 4])
})

test('wrong arguments', async () => {
  const any = output as unknown as { slice(...ranges: unknown[]): unknown }
  await rejects(
    () => output.slice(2),
    'INDEX_OUT_OF_RANGE',
    /slice: axis 0: expected an index of the 2 .* got 2/,
  )
  await rejects(() => output.slice(0, [2, 1]), 'INDEX_OUT_OF_RANGE', /slice: axis 1.*\[2, 1\]/)
  await rejects(() => output.slice(0, 0, 0, 0), 'SHAPE_MISMATCH', /at most 3 ranges, got 4/)
  await rejects(() => any.slice('0'), 'INPUT_INVALID', /slice: axis 0: expected an index, .* got '0'/)
  await rejects(() => any.slice([0]), 'INPUT_INVALID', /slice: axis 0/)
  const large = new TensorOutput('int64', BigInt64Array.from([2n ** 60n]), [1])
  await rejects(() => JSON.stringify(large), 'INPUT_INVALID', /toJSON: element 0: .*2\^53/)
  await rejects(
    () => new TensorOutput('float32', new Float32Array(3), [2]),
    'SHAPE_MISMATCH',
    /2 elements, got 3/,
  )
})

test.run()
