import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import type { BufferSource } from '../../lib/runtime/memory.js'
import { openSession, type Session } from '../../lib/runtime/session.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Replay } from '../../lib/tensor/replay.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { counted } from './counted.js'

type Build = (inputs: readonly ops.FloatTensor[]) => readonly Tensor[]

/** A replay of float32 inputs that counts how often its graph is built. */
function replayOf(build: Build, session?: Session): { replay: Replay; builds: () => number } {
  let builds = 0
  const counting = (inputs: readonly Tensor[]) => {
    builds++
    return build(inputs as readonly ops.FloatTensor[])
  }
  return { replay: new Replay(counting, session), builds: () => builds }
}

function waves(shape: readonly number[], phase = 0): ops.FloatTensor {
  const size = shape.reduce((a, b) => a * b, 1)
  return Tensor.from(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i + phase)),
    [...shape],
  )
}

const dataOf = (tensors: readonly Tensor[]) => Promise.all(tensors.map((tensor) => tensor.data()))

test('results are those of the ops, for the data of each run', async () => {
  const build: Build = ([x, y]) => {
    const product = ops.matmul(x!, y!)
    return [ops.softmax(product), ops.add(ops.gelu(product), 1), ops.argmax(product, 1)]
  }
  const { replay, builds } = replayOf(build)
  for (const phase of [0, 1, 2.5]) {
    const inputs = [waves([5, 7], phase), waves([7, 9], -phase)]
    const results = await replay.run(inputs)
    assert.ok(results.every(({ computed }) => computed))
    assert.equal(await dataOf(results), await dataOf(build(inputs)))
    assert.equal(
      results.map((tensor) => tensor.describe()),
      ['float32[5, 9]', 'float32[5, 9]', 'int32[5]'],
    )
  }
  assert.is(builds(), 1)
})

test('the graph is built once for inputs of the same types and shapes', async () => {
  const { replay, builds } = replayOf(([x]) => [ops.sum(ops.square(ops.cast(x!, 'float32')))])
  const sum = async (input: Tensor) => (await (await replay.run([input]))[0]!.data())[0]
  const steps: [Tensor, number, number][] = [
    [Tensor.from([1, 2]), 5, 1],
    [Tensor.from([3, 4]), 25, 1],
    [Tensor.full([2], 3), 18, 1],
    [ops.add(Tensor.from([0, 1]), 1), 5, 1],
    [Tensor.from([1, 2, 3]), 14, 2],
    [Tensor.from([1, 2, 3], [1, 3]), 14, 3],
    [Tensor.from([2, 2, 2], [1, 3]), 12, 3],
    [Tensor.from([1, 2, 3], [1, 3], 'int32'), 14, 4],
    [Tensor.from([1, 2]), 5, 5],
  ]
  for (const [input, expected, count] of steps) {
    assert.is(await sum(input), expected)
    assert.is(builds(), count, input.describe())
  }
})

test('inputs stay as they were, and may be the same tensor', async () => {
  const { replay } = replayOf(([x, y]) => [ops.sub(x!, ops.mul(y!, 2))])
  const [x, lazy] = [Tensor.from([1, 2]), ops.add(Tensor.from([2, 3]), 1)]
  assert.equal(await dataOf(await replay.run([x, lazy])), [Float32Array.of(-5, -6)])
  assert.equal(await dataOf(await replay.run([lazy, x])), [Float32Array.of(1, 0)])
  assert.equal(await dataOf(await replay.run([x, x])), [Float32Array.of(-1, -2)])
  assert.equal(await dataOf([x, lazy]), [Float32Array.of(1, 2), Float32Array.of(3, 4)])
})

test('calls side by side each get the results of their own data', async () => {
  const { replay, builds } = replayOf(([x]) => [ops.mul(x!, Tensor.from([1, 1.5]))])
  const runs = Array.from({ length: 20 }, (_, i) => replay.run([Tensor.from([i, 2 * i])]))
  const results = await dataOf((await Promise.all(runs)).flat())
  assert.equal(
    results,
    results.map((_, i) => Float32Array.of(i, 3 * i)),
  )
  assert.is(builds(), 1)
})

test('tensors that the graph captures are computed before, and the same at every run', async () => {
  const table = ops.mul(Tensor.from([1, 2, 3]), 10)
  await evaluate([table])
  const { replay } = replayOf(([x]) => [ops.add(x!, table)])
  for (const value of [1, 2])
    assert.equal(await dataOf(await replay.run([Tensor.full([3], value)])), [
      Float32Array.of(10 + value, 20 + value, 30 + value),
    ])
  table.dispose()
  await rejects(() => replay.run([Tensor.zeros([3])]), 'DISPOSED', /float32\[3\] that .* needs was disposed/)
})

/** Writes the row x into a cache of rows, and sums up all its rows. */
function cacheReplay(): Replay {
  return new Replay((inputs) => {
    const [cache, x, at] = inputs as [ops.FloatTensor, ops.FloatTensor, Tensor<'int32'>]
    const next = ops.update(cache, x, at)
    return [ops.sum(next, 2), next]
  })
}

const place = (at: number) => Tensor.from([at], [1], 'int32')

test('a cache that is written in place is passed from run to run', async () => {
  const replay = cacheReplay()
  let cache: Tensor = Tensor.zeros([1, 1, 4, 2])
  for (let at = 0; at < 4; at++) {
    const [sum, next] = await replay.run([cache, Tensor.full([1, 1, 1, 2], at + 1), place(at)])
    const total = ((at + 1) * (at + 2)) / 2
    assert.equal([...(await sum!.data())], [total, total])
    await rejects(() => cache.data(), 'DISPOSED', /was disposed/)
    cache = next!
  }
  assert.equal([...(await cache.data())], [1, 1, 2, 2, 3, 3, 4, 4])
})

test('a consumed cache cannot be used again', async () => {
  const replay = cacheReplay()
  const [cache, x] = [Tensor.zeros([1, 1, 4, 2]), Tensor.full([1, 1, 1, 2], 5)]
  const [, next] = await replay.run([cache, x, place(0)])
  await rejects(
    () => replay.run([cache, x, place(1)]),
    'DISPOSED',
    /float32\[1, 1, 4, 2\] .* consumed by update/,
  )
  // Two runs at once race for one cache: one wins.
  const runs = await Promise.allSettled([1, 2].map((at) => replay.run([next!, x, place(at)])))
  assert.equal(runs.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const lost = runs.find((run) => run.status === 'rejected')
  await rejects(
    () => Promise.reject(lost?.reason),
    'DISPOSED',
    /consumed by update\(\); use the result of the update/,
  )
})

test('a run that fails leaves its cache, and later runs are right', async () => {
  const replay = cacheReplay()
  const [cache, x] = [Tensor.zeros([1, 1, 4, 2]), Tensor.full([1, 1, 1, 2], 5)]
  await rejects(() => replay.run([cache, x, place(4)]), 'INDEX_OUT_OF_RANGE', /update.* past the end/)
  const [, next] = await replay.run([cache, x, place(3)])
  assert.equal([...(await next!.data())], [0, 0, 0, 0, 0, 0, 5, 5])
})

test('disposed inputs', async () => {
  const { replay } = replayOf(([x]) => [ops.neg(x!)])
  const x = Tensor.from([1, 2])
  x.dispose()
  await rejects(() => replay.run([x]), 'DISPOSED', /the tensor float32\[2\] was disposed/)
})

test('a signal stops a run before and in the middle, and the replay goes on', async () => {
  // Enough work on one thread to be stopped in the middle.
  const attend: Build = ([x]) => {
    const heads = ops.cos(x!)
    return [ops.sum(ops.attention(heads, heads, heads))]
  }
  const { replay, builds } = replayOf(attend, openSession({ threads: 1 }))
  const input = Tensor.full([1, 8, 4096, 64], 0.5)
  await rejects(() => replay.run([input], AbortSignal.abort('why')), 'ABORTED', /aborted by its signal/)
  assert.is(builds(), 0, 'nothing is made for a call that was aborted before')
  const controller = new AbortController()
  const running = replay.run([input], controller.signal)
  setTimeout(() => controller.abort(), 60)
  await rejects(() => running, 'ABORTED', /aborted/)
  const [sum] = await replay.run([input], new AbortController().signal)
  const expected = 8 * 4096 * 64 * Math.cos(0.5)
  assert.ok(Math.abs(((await sum!.data())[0] as number) - expected) < 1e-3 * expected)
  assert.is(builds(), 1)
})

test('a wrong signal is refused', async () => {
  const { replay } = replayOf(([x]) => [ops.neg(x!)])
  const signal = 5 as unknown as AbortSignal
  await rejects(
    () => replay.run([Tensor.from([1])], signal),
    'OPTION_INVALID',
    /signal: expected an AbortSignal/,
  )
})

test('the session is that of every run, and its results carry it', async () => {
  const weight = constantFrom(await waves([30, 30]).data(), [30, 30], 'float32')
  const build: Build = ([x]) => [ops.exp(ops.linear(x!, weight))]
  const input = waves([4, 30], 1)
  const exact = await build([input])[0]!.data()
  assert.equal(await dataOf(await replayOf(build, openSession({ threads: 1 })).replay.run([input])), [exact])
  const rounded = await build([input])[0]!.data({ dtype: 'bf16' })
  assert.not.equal(rounded, exact)
  const session = openSession({ dtype: 'bf16', threads: 2 })
  const { replay } = replayOf(build, session)
  for (let i = 0; i < 2; i++) {
    const results = await replay.run([input])
    assert.is((results[0]!.node.source as BufferSource).session, session)
    assert.equal(await dataOf(results), [rounded])
  }
})

test('what a build throws reaches the caller, and the next run builds again', async () => {
  const { replay, builds } = replayOf(([x, y]) => [ops.matmul(x!, y!)])
  const [x, y] = [waves([2, 3]), waves([4, 5])]
  for (const count of [1, 2]) {
    await rejects(() => replay.run([x, y]), 'SHAPE_MISMATCH', /matmul/)
    assert.is(builds(), count)
  }
  assert.is((await replay.run([x, waves([3, 1])]))[0]!.describe(), 'float32[2, 1]')
})

test('many runs and replays of one structure share a program', async () => {
  const build: Build = ([x]) => [ops.tanh(ops.mul(x!, 0.8125))]
  const { replay } = replayOf(build)
  const first = await counted(() => replay.run([Tensor.from([1, 2, 3])]))
  assert.ok(first.programs > 0)
  const later = await counted(async () => {
    for (let i = 0; i < 300; i++) {
      const [result] = await (i % 10 ? replay : replayOf(build).replay).run([Tensor.from([i, 2, 3])])
      result!.dispose()
    }
  })
  assert.is(later.programs, 0)
})

test.run()
