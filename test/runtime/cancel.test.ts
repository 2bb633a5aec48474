import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { floats, longInputs, longProgram, native, read, sum } from './encode.js'
import { rejects } from './failure.js'

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Microseconds of processor time, which other processes do not change. A run that goes on takes several seconds. */
const mostWork = 500_000

test('a running program stops, and runs again', async () => {
  const program = longProgram()
  const inputs = longInputs()
  for (const threads of [1, 2, 0]) {
    const cancel = native.createCancel()
    const run = program.run(inputs, threads, cancel)
    await wait(30)
    const since = process.cpuUsage()
    cancel.cancel()
    await rejects(run, 'ABORTED', /the run was aborted/)
    const { user } = process.cpuUsage(since)
    assert.ok(user < mostWork, `${user} us of processor time`)
  }
  assert.equal(read((await sum(2).run([floats([1, 2]), floats([3, 4])], 2))[0]), [4, 6])
})

test('a waiting program is dropped at once', async () => {
  const program = longProgram()
  const inputs = longInputs()
  const first = native.createCancel()
  const second = native.createCancel()
  const running = program.run(inputs, 1, first)
  const waiting = program.run(inputs, 1, second)
  await wait(10)
  const since = process.cpuUsage()
  second.cancel()
  await rejects(waiting, 'ABORTED', /aborted/)
  const { user } = process.cpuUsage(since)
  assert.ok(user < mostWork, `${user} us of processor time`)
  first.cancel()
  await rejects(running, 'ABORTED', /aborted/)
})

test('a token that was used before the run stops it', async () => {
  const cancel = native.createCancel()
  cancel.cancel()
  await rejects(longProgram().run(longInputs(), 1, cancel), 'ABORTED', /aborted/)
})

test('a token used after the run does nothing', async () => {
  const cancel = native.createCancel()
  const one = floats([1])
  assert.equal(read((await sum(1).run([one, one], 1, cancel))[0]), [2])
  cancel.cancel()
  cancel.cancel()
  assert.equal(read((await sum(1).run([one, one], 1))[0]), [2])
})

test.run()
