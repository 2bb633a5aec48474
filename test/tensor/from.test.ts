import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../../lib/graph/dtype.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'

test('a typed array is a tensor of its type', async () => {
  const cases: [ArrayBufferView, DType, unknown][] = [
    [Float32Array.of(1.5, -2), 'float32', [1.5, -2]],
    [Int32Array.of(-7, 2 ** 31 - 1), 'int32', [-7, 2147483647]],
    [BigInt64Array.of(-1n, 2n ** 62n), 'int64', [-1n, 2n ** 62n]],
    [Uint8Array.of(0, 255), 'uint8', [0, 255]],
    [Uint8ClampedArray.of(3), 'uint8', [3]],
    [Buffer.from([1, 2, 3]), 'uint8', [1, 2, 3]],
    [new Float32Array(0), 'float32', []],
  ]
  for (const [data, dtype, expected] of cases) {
    const x = Tensor.from(data)
    assert.is(x.dtype, dtype)
    assert.equal(x.shape, [(expected as unknown[]).length])
    assert.equal(await x.toArray(), expected)
  }
})

test('types that share an array are told apart by name', async () => {
  const bits = Uint16Array.of(0x3e00, 0xc000)
  assert.equal(await Tensor.from(bits, [2], 'float16').toArray(), [1.5, -2])
  assert.equal(await Tensor.from(Uint16Array.of(0x3fc0, 0xc000), [2], 'bfloat16').toArray(), [1.5, -2])
  assert.equal(await Tensor.from(Uint8Array.of(1, 0), [2], 'bool').toArray(), [true, false])
  assert.instance(await Tensor.from(bits, [2], 'float16').data(), Uint16Array)
  await rejects(() => Tensor.from(bits), 'DTYPE_MISMATCH', /'float16' or 'bfloat16'.* got Uint16Array/)
})

test('lists of numbers, booleans and bigints', async () => {
  assert.is(Tensor.from([1, 2]).dtype, 'float32')
  assert.is(Tensor.from([true]).dtype, 'bool')
  assert.is(Tensor.from([1n]).dtype, 'int64')
  assert.is(Tensor.from([]).dtype, 'float32')
  assert.equal(await Tensor.from([1, 2, 3, 4, 5, 6], [3, 2]).toArray(), [
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  assert.equal(await Tensor.from([1, 0], [2], 'bool').toArray(), [true, false])
  assert.equal(await Tensor.from([1, -2], [2], 'int64').toArray(), [1n, -2n])
  assert.equal(await Tensor.from([1n, 3n], [2], 'float32').toArray(), [1, 3])
  assert.equal(await Tensor.from([1e40, -1e-50, 0.1]).toArray(), [Infinity, -0, Math.fround(0.1)])
})

test('the data is copied', async () => {
  const data = Float32Array.of(1, 2)
  const x = Tensor.from(data)
  data[0] = 9
  const first = await x.data()
  first[1] = 9
  assert.equal(await x.toArray(), [1, 2])
  const part = new Float32Array(Float32Array.of(0, 1, 2, 3).buffer, 4, 2)
  assert.equal(await Tensor.from(part).toArray(), [1, 2], 'a view of a larger buffer')
  const shape = [1, 2]
  const y = Tensor.from(Float32Array.of(1, 2), shape)
  shape[0] = 7
  assert.equal(y.shape, [1, 2])
})

test('wrong data', async () => {
  const from = Tensor.from as (...args: unknown[]) => Tensor
  const cases: [unknown[], Parameters<typeof rejects>[1], RegExp][] = [
    [[undefined], 'INPUT_INVALID', /got undefined/],
    [[null], 'INPUT_INVALID', /got null/],
    [[5], 'INPUT_INVALID', /got 5/],
    [['12'], 'INPUT_INVALID', /got '12'/],
    [[{ length: 2 }], 'INPUT_INVALID', /got \{ length: 2 \}/],
    [[[[1], [2]]], 'INPUT_INVALID', /element 0: expected a number .*flat.* got \[1\]/],
    [[[1, '2']], 'INPUT_INVALID', /element 1: expected a number .* got '2'/],
    [[[1, null]], 'INPUT_INVALID', /element 1: .* got null/],
    [[new Array(2)], 'INPUT_INVALID', /element 0: .* got undefined/],
    [[new Float64Array(2)], 'DTYPE_MISMATCH', /got Float64Array/],
    [[new Int8Array(2)], 'DTYPE_MISMATCH', /got Int8Array/],
    [[new DataView(new ArrayBuffer(4))], 'DTYPE_MISMATCH', /got DataView/],
    [[new Float32Array(2), [2], 'int32'], 'DTYPE_MISMATCH', /a typed array of int32, got Float32Array/],
    [[new Int32Array(2), [2], 'float32'], 'DTYPE_MISMATCH', /a typed array of float32, got Int32Array/],
    [[new Float32Array(2), [2], 'float64'], 'DTYPE_MISMATCH', /a data type, got 'float64'/],
    [[[1], [1], 'float16'], 'DTYPE_MISMATCH', /a Uint16Array of the bits of float16/],
    [
      [[1.5], [1], 'int32'],
      'INPUT_INVALID',
      /element 0: expected a whole number from .* \(int32\), got 1\.5/,
    ],
    [
      [[1, 2 ** 31], [2], 'int32'],
      'INPUT_INVALID',
      /element 1: expected a whole number from .* \(int32\), got 2147483648/,
    ],
    [[[256], [1], 'uint8'], 'INPUT_INVALID', /a whole number from 0 to 255 \(uint8\), got 256/],
    [[[-1], [1], 'uint8'], 'INPUT_INVALID', /got -1/],
    [[[0.5], [1], 'int64'], 'INPUT_INVALID', /got 0\.5/],
    [[[NaN], [1], 'int64'], 'INPUT_INVALID', /got NaN/],
    [[[2n ** 63n]], 'INPUT_INVALID', /got 9223372036854775808n/],
  ]
  for (const [args, code, message] of cases) await rejects(() => from(...args), code, message)
})

test('the constructor is not for users', async () => {
  const Constructor = Tensor as unknown as new (...args: unknown[]) => Tensor
  await rejects(() => new Constructor('float32', [1, 2], [2]), 'INPUT_INVALID', /made by Tensor\.from/)
})

test('wrong shapes', async () => {
  const from = Tensor.from as (...args: unknown[]) => Tensor
  const data = new Float32Array(6)
  const code = 'SHAPE_MISMATCH'
  await rejects(() => from(data, [2, 2]), code, /4 elements, by the shape \[2, 2\], got 6/)
  await rejects(() => from(data, []), code, /1 elements, by the shape .* got 6/)
  await rejects(() => from(data, [2, -3]), code, /whole numbers, got \[2, -3\]/)
  await rejects(() => from(data, [1.5, 4]), code, /got \[1\.5, 4\]/)
  await rejects(() => from(data, ['6']), code, /got \['6'\]/)
  await rejects(() => from(data, 6), code, /got 6/)
  await rejects(() => from(data, null), code, /got null/)
  await rejects(() => from(data, [1, 1, 1, 1, 1, 1, 1, 1, 6]), code, /at most 8 axes, got 9/)
  await rejects(() => from(data, [2 ** 30, 2 ** 30]), code, /fewer than 2\^53 elements/)
})

test('full, zeros and ones', async () => {
  assert.equal(await Tensor.full([2, 2], 3).toArray(), [
    [3, 3],
    [3, 3],
  ])
  assert.equal(await Tensor.zeros([2], 'int32').toArray(), [0, 0])
  assert.equal(await Tensor.ones([2], 'int64').toArray(), [1n, 1n])
  assert.equal(await Tensor.full([1], true, 'bool').toArray(), [true])
  assert.equal(await Tensor.full([2], -1.5, 'float16').toArray(), [-1.5, -1.5])
  assert.equal(await Tensor.full([1], NaN).toArray(), [NaN])
  assert.equal(await Tensor.zeros([]).toArray(), 0)
  assert.equal(await Tensor.zeros([0, 2]).toArray(), [])
  const full = Tensor.full as (...args: unknown[]) => Tensor
  await rejects(() => full([1], 0.5, 'int32'), 'INPUT_INVALID', /a whole number from .* \(int32\), got 0\.5/)
  await rejects(() => full([1], '1'), 'INPUT_INVALID', /value: expected a number, got '1'/)
  await rejects(() => full([1], 1, 'float8'), 'DTYPE_MISMATCH', /'float8'/)
  await rejects(() => full([-1], 1), 'SHAPE_MISMATCH', /\[-1\]/)
})

test('data, toArray and item of every type', async () => {
  const x = Tensor.from([0, 1, 2, 3])
  const dtypes: DType[] = ['float32', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool']
  const arrays = [Float32Array, Uint16Array, Uint16Array, BigInt64Array, Int32Array, Uint8Array, Uint8Array]
  for (const [index, dtype] of dtypes.entries()) {
    const cast = ops.cast(x, dtype)
    const data = await cast.data()
    assert.instance(data, arrays[index], dtype)
    assert.is(data.length, 4)
    const last = await ops.select(cast, 0, 3).item()
    assert.equal(last, dtype === 'int64' ? 3n : dtype === 'bool' ? true : 3, dtype)
  }
  await rejects(() => x.item(), 'SHAPE_MISMATCH', /item: expected a tensor of one element, got float32\[4\]/)
  assert.is(await Tensor.from([7], [1, 1, 1]).item(), 7)
})

test.run()
