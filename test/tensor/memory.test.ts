import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { getRuntime } from '../../lib/runtime/runtime.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'

const alive = () => getRuntime().native.info().memory.buffers

test('a tensor holds its elements and no more, until it is disposed of', async () => {
  const before = alive()
  const x = Tensor.from(new Float32Array(1000))
  assert.is(alive(), before + 4000)
  const y = ops.add(ops.exp(ops.reshape(x, [10, 100])), 1)
  assert.is(alive(), before + 4000, 'nothing is computed yet')
  await evaluate([y])
  const constants = alive() - before - 8000
  assert.ok(constants >= 0 && constants <= 64, `${constants} bytes beside the two: the number 1`)
  x.dispose()
  y.dispose()
  assert.is(alive() - before, constants)
})

test('using lets go at the end of the block', async () => {
  const before = alive()
  const sum = await (async () => {
    using x = Tensor.from(new Float32Array(5000))
    // The call that was made keeps what it needs.
    return ops.sum(ops.add(x, 1)).item()
  })()
  assert.is(sum, 5000)
  assert.ok(alive() < before + 5000, `${alive() - before} bytes left`)
})

test('a repeated number takes no memory of the size it is repeated to', async () => {
  const x = Tensor.zeros([1000, 1000])
  const large = ops.mul(ops.add(x, 0.5), Tensor.full([1000, 1000], 2))
  const before = alive()
  const total = ops.sum(large)
  assert.is(await total.item(), 1e6)
  assert.ok(alive() - before < 1000, `${alive() - before} bytes`)
})

test('what is collected gives its memory back: tensors, weights and the programs that hold them', async () => {
  const file = fileURLToPath(new URL('./children/collected.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', file], {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  // Megabytes.
  assert.equal(JSON.parse(stdout), {
    ...{ before: 0, tensors: 40, tensorsCollected: 0 },
    ...{ result: 1024, weights: 4, programs: 1, weightsCollected: 0, programsLeft: 0 },
  })
})

test.run()
