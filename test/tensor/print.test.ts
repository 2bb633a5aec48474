import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'

async function printed(x: Tensor): Promise<string> {
  await evaluate([x])
  return String(x)
}

test('elements stand in columns', async () => {
  assert.is(
    await printed(Tensor.from([1, 2.5, -3e-5, NaN, Infinity, 1e9], [2, 3])),
    'Tensor float32[2, 3]\n' +
      '[[        1,    2.5000, -3.000e-5],\n' +
      ' [      NaN,  Infinity,  1.000e+9]]',
  )
  assert.is(
    await printed(Tensor.from([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])),
    'Tensor float32[2, 2, 2]\n[[[1, 2],\n  [3, 4]],\n\n [[5, 6],\n  [7, 8]]]',
  )
})

test('every type, scalars and empty tensors', async () => {
  assert.is(await printed(Tensor.from([true, false])), 'Tensor bool[2]\n[ true, false]')
  assert.is(await printed(Tensor.from([1n, -20n])), 'Tensor int64[2]\n[  1, -20]')
  assert.is(await printed(Tensor.from(Uint8Array.of(1, 200))), 'Tensor uint8[2]\n[  1, 200]')
  assert.is(await printed(ops.cast(Tensor.from([0.1, -2]), 'float16')), 'Tensor float16[2]\n[0.1000,     -2]')
  assert.is(await printed(ops.cast(Tensor.from([-0]), 'bfloat16')), 'Tensor bfloat16[1]\n[-0]')
  assert.is(await printed(Tensor.full([], 3.25)), 'Tensor float32[]\n3.2500')
  assert.is(await printed(Tensor.zeros([0, 3])), 'Tensor float32[0, 3]\n[]')
  assert.is(await printed(Tensor.zeros([2, 0])), 'Tensor float32[2, 0]\n[[],\n []]')
})

test('of long axes the middle is left out', async () => {
  const numbers = Float32Array.from({ length: 1000 }, (_, i) => i)
  assert.is(await printed(Tensor.from(numbers)), 'Tensor float32[1000]\n[  0,   1,   2, ..., 997, 998, 999]')
  const rows = (await printed(Tensor.from(numbers, [100, 10]))).split('\n')
  assert.is(rows.length, 8)
  assert.is(rows[1], '[[  0,   1,   2, ...,   7,   8,   9],')
  assert.is(rows[4], ' ...,')
  assert.is(rows[7], ' [990, 991, 992, ..., 997, 998, 999]]')
})

test('a tensor of many axes does not fill the screen, nor the memory', async () => {
  const text = await printed(Tensor.zeros([8, 8, 8, 8, 8, 8, 8, 8], 'uint8'))
  assert.ok(text.length < 20000, `${text.length} characters`)
})

test('what is not there says so', async () => {
  const x = Tensor.from([1, 2])
  const y = ops.add(x, 1)
  assert.is(String(y), 'Tensor float32[2] (not computed)')
  assert.is(inspect(y), String(y), 'console.log shows the same')
  y.dispose()
  assert.is(String(y), 'Tensor float32[2] (disposed)')
  assert.is(String(x), 'Tensor float32[2]\n[1, 2]')
  x.dispose()
  assert.is(String(x), 'Tensor float32[2] (disposed)')
})

test.run()
