import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

// More than a megabyte, so that the elements are copied off the event loop.
const size = 1 << 20

async function counted(): Promise<Tensor<'int32', [1, 1, number, 1]>> {
  const numbers = Tensor.from(Int32Array.from({ length: size }, (_, index) => index))
  const result = ops.reshape(ops.add(numbers, 1), [1, 1, size, 1])
  await evaluate([result])
  return result as Tensor<'int32', [1, 1, number, 1]>
}

function assertCounted(data: Int32Array): void {
  assert.is(data.length, size)
  assert.ok(data.every((value, index) => value === index + 1))
}

test('each call gives a copy of its own', async () => {
  const tensor = await counted()
  const [one, other] = await Promise.all([tensor.data(), tensor.data()])
  one.fill(0)
  assertCounted(other)
  assertCounted(await tensor.data())
})

/** Calls data(), and waits until the elements are being copied. */
async function copying(
  tensor: Tensor<'int32'>,
  signal?: AbortSignal,
): Promise<{ data: Promise<Int32Array> }> {
  const data = tensor.data({ signal })
  data.catch(() => {})
  for (let turn = 0; turn < 4; turn++) await Promise.resolve()
  return { data }
}

test('a tensor that is disposed while its elements are copied keeps them until then', async () => {
  const tensor = await counted()
  const { data } = await copying(tensor)
  tensor.dispose()
  assertCounted(await data)
})

test('an update in place waits for the copy of what it overwrites', async () => {
  for (let round = 0; round < 20; round++) {
    const cache = await counted()
    const { data } = await copying(cache)
    const zeros = Tensor.zeros([1, 1, size, 1], 'int32')
    const next = ops.update(cache, zeros, Tensor.from([0], [1], 'int32'))
    const [before, after] = await Promise.all([data, next.data()])
    assertCounted(before)
    assert.ok(after.every((value) => value === 0))
  }
})

test('a signal is heard while the elements are copied', async () => {
  const tensor = await counted()
  const controller = new AbortController()
  const { data } = await copying(tensor, controller.signal)
  controller.abort()
  await rejects(() => data, 'ABORTED', /signal/)
  assertCounted(await tensor.data())
})

test.run()
