// Sessions: how options become one, how results carry it, and what a program is kept for.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GraphNode } from '../../lib/graph/node.js'
import * as ops from '../../lib/ops/index.js'
import { BufferSource } from '../../lib/runtime/memory.js'
import { prepare } from '../../lib/runtime/run.js'
import type { RunOptions } from '../../lib/runtime/run-options.js'
import { joinSessions, openSession, type Session, sessionFor } from '../../lib/runtime/session.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { observedRuns } from '../support/observed.js'
import { native } from './encode.js'

const sessionOf = (tensor: Tensor) => (tensor.node.source as BufferSource).session

/** As load() would give it on a machine with a GPU. */
const onCuda: Session = Object.freeze({ device: 'cuda', dtype: 'float32', threads: 0 })

/** Data that a session computed. */
function computedBy(session: Session | undefined, values: readonly number[] = [1, 2]): Tensor<'float32'> {
  const source = new BufferSource(native.bufferFrom(Float32Array.from(values)), undefined, session)
  return new Tensor(new GraphNode('data', [], { dtype: 'float32', shape: [values.length] }, source))
}

test('options become a session that does not change', () => {
  const session = openSession({ device: 'auto', dtype: 'q8', threads: 3 })
  assert.equal({ ...session }, { device: 'cpu', dtype: 'int8', threads: 3 })
  assert.ok(Object.isFrozen(session))
  assert.equal({ ...openSession() }, { device: 'cpu', dtype: 'float32', threads: 0 })
  assert.equal({ ...openSession({ dtype: 'bfloat16' }) }, { ...openSession({ dtype: 'bf16' }) })
})

test('wrong options of a session', async () => {
  const open = (options: unknown) => () => openSession(options as Record<string, never>)
  await rejects(
    open({ device: 'tpu' }),
    'OPTION_INVALID',
    /device: expected one of auto, cpu, cuda, gpu, got 'tpu'/,
  )
  await rejects(open({ dtype: 'fp8' }), 'OPTION_INVALID', /dtype: expected one of fp32, .*got 'fp8'/)
  for (const threads of [-1, 1.5, 1025, '2', Number.NaN])
    await rejects(
      open({ threads }),
      'OPTION_INVALID',
      /threads: expected a whole number from 0 .* to 1024, got/,
    )
  for (const device of ['cuda', 'gpu'])
    await rejects(open({ device }), 'DEVICE_UNAVAILABLE', new RegExp(`device '${device}' cannot be used: .`))
})

test('of two sessions on one device the wider is used, in either order', async () => {
  const a = openSession({ dtype: 'bf16', threads: 2 })
  const b = openSession({ dtype: 'fp16', threads: 4 })
  for (const joined of [joinSessions(a, b)!, joinSessions(b, a)!])
    assert.equal({ ...joined }, { device: 'cpu', dtype: 'float32', threads: 4 })
  assert.is(joinSessions(a, openSession({ dtype: 'bf16' }))!.threads, 0, 'all cores are more than any number')
  assert.is(joinSessions(a, openSession({ dtype: 'bf16' }))!.dtype, 'bfloat16')
  assert.is(joinSessions(a, undefined), a)
  assert.is(joinSessions(undefined, b), b)
  assert.is(joinSessions(undefined, undefined), undefined)
  await rejects(() => joinSessions(a, onCuda), 'DEVICE_MISMATCH', /two devices: 'cpu' and 'cuda'/)
})

test('options of a call take precedence over the session of its data', async () => {
  const carried = openSession({ dtype: 'bf16', threads: 2 })
  const other = openSession({ dtype: 'fp16', threads: 5 })
  assert.is(sessionFor({}, carried), carried)
  assert.is(sessionFor({}, undefined), undefined)
  assert.is(sessionFor({ session: other }, carried), other)
  assert.equal({ ...sessionFor({ threads: 1 }, carried) }, { ...carried, threads: 1 })
  assert.equal({ ...sessionFor({ dtype: 'fp32' }, carried) }, { ...carried, dtype: 'float32' })
  assert.equal({ ...sessionFor({ precision: 'float16' }, carried) }, { ...carried, dtype: 'float16' })
  assert.equal({ ...sessionFor({ session: other, threads: 1 }, carried) }, { ...other, threads: 1 })
  assert.is(sessionFor({ device: 'auto' }, onCuda)!.device, 'cuda')
  await rejects(() => sessionFor({ device: 'cpu' }, onCuda), 'DEVICE_MISMATCH', /'cpu' and 'cuda'/)
  await rejects(() => sessionFor({ session: onCuda }, carried), 'DEVICE_MISMATCH', /'cuda' and 'cpu'/)
  const both: RunOptions = { dtype: 'bf16', precision: 'bfloat16' }
  await rejects(
    () => sessionFor(both, undefined),
    'OPTION_INVALID',
    /precision: expected nothing beside dtype/,
  )
})

test('results carry the session that computed them, and what is made of them runs in it', async () => {
  const session = openSession({ threads: 3 })
  const x = ops.leakyRelu(Tensor.from([1, 2, 3]), 0.71)
  const first = await observedRuns(() => evaluate([x], { session }))
  assert.equal(first, [{ device: 'cpu', threads: 3 }])
  assert.is(sessionOf(x), session)
  const y = ops.softmax(ops.mul(x, Tensor.from([0.72, 1, 1])))
  const second = await observedRuns(() => y.toArray())
  assert.equal(second, [{ device: 'cpu', threads: 3 }])
  assert.is(sessionOf(y), session)
  const z = ops.leakyRelu(y, 0.73)
  assert.equal(await observedRuns(() => z.data({ threads: 1 })), [{ device: 'cpu', threads: 1 }])
  assert.is(sessionOf(z)!.threads, 1)
})

test('the dtype of a session is that of weights which meet its results', async () => {
  const weight = constantFrom(
    Float32Array.from({ length: 900 }, (_, i) => Math.sin(i)),
    [30, 30],
    'float32',
  )
  const given = () => Tensor.from(Float32Array.from({ length: 30 }, (_, i) => Math.cos(i)))
  const x = ops.add(given(), 0)
  await x.data({ dtype: 'bf16' })
  const product = (input: ops.FloatTensor) => ops.linear(ops.reshape(input, [1, 30]), weight)
  const exact = await product(given()).data()
  const rounded = await product(given()).data({ dtype: 'bf16' })
  assert.not.equal(rounded, exact)
  assert.equal(await product(x).data(), rounded)
  assert.equal(await product(x).data({ dtype: 'fp32' }), exact)
})

test('data that no session computed is neutral, and so is what is made of it alone', async () => {
  const session = openSession({ threads: 2 })
  const given = Tensor.from([1, 2])
  const derived = ops.leakyRelu(given, 0.74)
  const alone = await observedRuns(() => derived.data())
  assert.equal(alone, [{ device: 'cpu', threads: 0 }])
  assert.is(sessionOf(derived), undefined)
  const mixed = ops.leakyRelu(ops.add(derived, computedBy(session)), 0.75)
  assert.equal(await observedRuns(() => mixed.data()), [{ device: 'cpu', threads: 2 }])
  assert.is(sessionOf(mixed), session)
})

test('data of two devices is no computation', async () => {
  const [here, there] = [computedBy(openSession()), computedBy(onCuda)]
  await rejects(() => ops.add(here, there).data(), 'DEVICE_MISMATCH', /two devices: 'cpu' and 'cuda'/)
  await rejects(() => evaluate([ops.neg(here), ops.neg(there)]), 'DEVICE_MISMATCH', /'cpu' and 'cuda'/)
  await rejects(() => ops.neg(there).data({ device: 'cpu' }), 'DEVICE_MISMATCH', /'cpu' and 'cuda'/)
  await rejects(() => ops.neg(there).data(), 'DEVICE_UNAVAILABLE', /device 'cuda' cannot be used/)
  assert.equal(await ops.neg(here).toArray(), [-1, -2])
})

test('a program is kept for a device and a dtype, and for any number of threads', () => {
  const roots = [ops.neg(Tensor.from([1, 2])).node]
  const keyOf = (options: RunOptions) => prepare(roots, options).key
  assert.is(keyOf({}), keyOf({ session: openSession() }))
  assert.is(keyOf({ threads: 1 }), keyOf({ threads: 2 }))
  const keys = [{}, { dtype: 'bf16' }, { dtype: 'q8' }, { session: onCuda }] as const
  assert.is(new Set(keys.map(keyOf)).size, keys.length)
})

test('options that do not exist are refused', async () => {
  const data = (options: unknown) => () => ops.neg(Tensor.from([1])).data(options as RunOptions)
  await rejects(
    data({ thread: 1 }),
    'OPTION_UNKNOWN',
    /evaluate: expected one of the options .*threads.*got 'thread'/,
  )
  await rejects(data({ device: 'tpu' }), 'OPTION_INVALID', /device: .*got 'tpu'/)
  await rejects(data({ dtype: 'fp8' }), 'OPTION_INVALID', /dtype: .*got 'fp8'/)
})

test.run()
