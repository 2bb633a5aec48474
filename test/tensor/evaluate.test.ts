import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { counted } from './counted.js'

/** Enough work to be stopped in the middle: about a second on one core. */
function longRun(): ops.FloatTensor {
  const heads = ops.cos(Tensor.full([1, 8, 4096, 64], 0.5))
  return ops.attention(heads, heads, heads)
}

test('nothing runs before it is asked for', async () => {
  const y = ops.mul(ops.add(Tensor.from([1, 2, 3]), 5), 7)
  const { programs } = await counted(() => new Promise((resolve) => setTimeout(resolve, 20)))
  assert.is(y.computed, false)
  assert.is(programs, 0)
  assert.equal(await y.toArray(), [42, 49, 56])
  assert.is(y.computed, true)
})

test('several tensors are computed in one program, and share what they have in common', async () => {
  const x = Tensor.from([1, 2, 3, 4], [2, 2])
  const shared = ops.exp(x)
  const tensors = [ops.sum(shared), ops.max(shared, 1), shared, ops.reshape(shared, [4]), shared]
  assert.is((await counted(() => evaluate(tensors))).programs, 1)
  assert.ok(tensors.every(({ computed }) => computed))
  const numbers = (await shared.data()).reduce((a, b) => a + b)
  assert.ok(Math.abs((await (tensors[0] as ops.FloatTensor).item()) - numbers) < 1e-4)
  assert.equal(await tensors[3]!.data(), await shared.data())
})

test('what is computed is not computed again', async () => {
  const x = Tensor.from([2])
  const y = ops.square(x)
  assert.is(await y.item(), 4)
  x.dispose()
  assert.is(await y.item(), 4)
  await evaluate([y])
  assert.is(await ops.add(y, 1).item(), 5)
})

test('leaves and constants among the tensors', async () => {
  const x = Tensor.from([1, 2])
  await evaluate([x, x])
  await evaluate([])
  assert.equal(await ops.reshape(x, [2, 1]).toArray(), [[1], [2]])
  assert.equal(await Tensor.full([3], 2).toArray(), [2, 2, 2])
})

test('calls side by side for one tensor share a run', async () => {
  const y = ops.exp(Tensor.full([10], 1))
  const results = await Promise.all([y.data(), y.data(), evaluate([y, ops.neg(y)]), y.data()])
  assert.equal(results[0], results[1])
  assert.equal(results[0], results[3])
  // The second of two runs would find its cache used up.
  const cache = Tensor.zeros([1, 1, 4, 1])
  await evaluate([cache])
  const next = ops.update(cache, Tensor.from([3], [1, 1, 1, 1]), Tensor.from([2], [1], 'int32'))
  const [first, second] = await Promise.all([next.data(), next.data()])
  assert.equal([...first], [0, 0, 3, 0])
  assert.equal([...second], [0, 0, 3, 0])
})

test('many different tensors side by side', async () => {
  const x = Tensor.from([1, 2, 3])
  const sums = await Promise.all(Array.from({ length: 50 }, (_, i) => ops.sum(ops.mul(x, i)).item()))
  assert.equal(
    sums,
    Array.from({ length: 50 }, (_, i) => 6 * i),
  )
})

test('a chain of 10,000 operations', async () => {
  let x: ops.FloatTensor = Tensor.from([0, 1])
  for (let i = 0; i < 10000; i++) x = i % 2 ? ops.add(x, 1) : ops.neg(x)
  const begin = performance.now()
  const [first] = await x.data()
  const time = performance.now() - begin
  assert.ok(time < 10000, `it took ${Math.round(time)} ms`)
  let expected = 0
  for (let i = 0; i < 10000; i++) expected = i % 2 ? expected + 1 : -expected
  assert.is(first, expected)
})

test('disposed tensors', async () => {
  const x = Tensor.from([1, 2])
  const [computed, lazy] = [ops.neg(x), ops.add(x, 1)]
  await computed.data()
  x.dispose()
  x.dispose()
  assert.is(x.disposed, true)
  await rejects(() => x.data(), 'DISPOSED', /the tensor float32\[2\] was disposed/)
  await rejects(() => evaluate([computed, x]), 'DISPOSED', /float32\[2\] was disposed/)
  await rejects(() => ops.add(x, 1), 'DISPOSED', /add: the tensor float32\[2\] was disposed/)
  await rejects(() => lazy.data(), 'DISPOSED', /a float32\[2\] that this computation needs was disposed/)
  assert.equal(await computed.toArray(), [-1, -2])
  computed[Symbol.dispose]()
  await rejects(() => computed.toArray(), 'DISPOSED', /was disposed/)
  const never = ops.exp(Tensor.from([1]))
  never.dispose()
  await rejects(() => never.data(), 'DISPOSED', /was disposed/)
})

test('a call keeps its operands, though they are disposed of while it goes on', async () => {
  const [x, w] = [Tensor.full([64, 64], 1), Tensor.full([64, 64], 2)]
  await evaluate([x, w])
  const running = ops.matmul(x, w).data()
  x.dispose()
  await Promise.resolve()
  w.dispose()
  const result = await running
  assert.ok(result.every((value) => value === 128))
})

test('disposing of a result while it is computed lets go of it', async () => {
  const y = longRun()
  const running = y.data()
  setTimeout(() => y.dispose(), 20)
  await rejects(() => running, 'DISPOSED', /float32\[1, 8, 4096, 64\] was disposed/)
  assert.is(y.node.source?.disposed ?? true, true)
})

test('a signal stops a run before, in the middle, and not after', async () => {
  const before = ops.neg(Tensor.from([1]))
  await rejects(() => before.data({ signal: AbortSignal.abort('why') }), 'ABORTED', /aborted by its signal/)
  assert.equal(await before.toArray(), [-1], 'the tensor can be computed later')

  const controller = new AbortController()
  const { signal } = controller
  const y = longRun()
  const begin = performance.now()
  const running = y.data({ signal })
  setTimeout(() => controller.abort(), 60)
  await rejects(() => running, 'ABORTED', /aborted/)
  const stopped = performance.now() - begin
  assert.is(y.computed, false)

  const rest = performance.now()
  await evaluate([y])
  const whole = performance.now() - rest
  assert.ok(stopped < 60 + whole / 2 + 100, `stopped after ${stopped} ms of ${whole}`)

  const later = new AbortController()
  assert.equal(await before.toArray({ signal: later.signal }), [-1])
  later.abort()
  assert.equal(await before.toArray(), [-1])
})

test('the abort of one call does not stop another for the same tensor', async () => {
  const controller = new AbortController()
  const y = longRun()
  const [one, two] = [y.data({ signal: controller.signal }), y.data()]
  setTimeout(() => controller.abort(), 30)
  await rejects(() => one, 'ABORTED', /aborted/)
  assert.is((await two).length, 8 * 4096 * 64)
})

test('who waits for the run of another call can be aborted alone', async () => {
  const controller = new AbortController()
  const y = longRun()
  const [one, two] = [y.data(), y.data({ signal: controller.signal })]
  setTimeout(() => controller.abort(), 30)
  await rejects(() => two, 'ABORTED', /aborted/)
  assert.is((await one).length, 8 * 4096 * 64)
})

test('wrong options', async () => {
  const x = ops.neg(Tensor.from([1]))
  const data = x.data.bind(x) as (options: unknown) => Promise<unknown>
  for (const threads of [-1, 1.5, 5000, '2', NaN])
    await rejects(
      () => data({ threads }),
      'OPTION_INVALID',
      /threads: expected a whole number from 0 \(all cores\) to 1024/,
    )
  await rejects(
    () => data({ precision: 'fp8' }),
    'OPTION_INVALID',
    /precision: expected one of float32.*got 'fp8'/,
  )
  await rejects(() => data({ signal: 5 }), 'OPTION_INVALID', /signal: expected an AbortSignal, got 5/)
  const any = evaluate as (list: unknown) => Promise<void>
  await rejects(() => any(x), 'INPUT_INVALID', /evaluate: expected a list of tensors/)
  await rejects(() => any([x, 1]), 'INPUT_INVALID', /evaluate: element 1: expected a tensor, got 1/)
})

test('failures are reported to who waits, and to nobody else', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  try {
    const bad = ops.gather(Tensor.from([1]), Tensor.from([5], [1], 'int32'))
    const results = await Promise.allSettled([bad.data(), bad.data(), evaluate([bad, ops.neg(bad)])])
    assert.ok(results.every(({ status }) => status === 'rejected'))
    const controller = new AbortController()
    const y = ops.exp(ops.linear(Tensor.ones([2, 300]), Tensor.ones([300, 300])))
    const stopped = Promise.allSettled([y.data({ signal: controller.signal }), y.data()])
    controller.abort()
    await stopped
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(unhandled, [])
  } finally {
    process.off('unhandledRejection', note)
  }
})

test('a part of a graph that is computed while the graph is compiled', async () => {
  for (let size = 2; size < 40; size++) {
    const x = Tensor.from(Array.from({ length: size }, (_, i) => i))
    // The part has a shorter way to its program than the whole, and is ready first.
    const part = ops.neg(x)
    await ops.neg(Tensor.from(new Float32Array(size))).data()
    let whole = ops.add(part, part)
    for (let i = 0; i < 100; i++) whole = ops.add(whole, part)
    const [sum] = await Promise.all([whole.data(), part.data()])
    assert.equal(
      Array.from(sum),
      Array.from({ length: size }, (_, i) => -102 * i + 0),
    )
  }
})

test.run()
