import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { assertClose, assertSame, fill, nd, permute, Random, range, strided, tensor } from './reference.js'

interface ResizeCase {
  readonly mode: 'nearest' | 'bilinear' | 'bicubic'
  readonly align_corners?: boolean
  readonly antialias?: boolean
  readonly scale?: number
  readonly length: number
  readonly size: number
  readonly y: readonly number[]
}

interface ResampleCase {
  readonly filter: ops.ResampleFilter
  readonly height: number
  readonly width: number
  readonly bytes: readonly number[]
}

const stored = <T>(name: string): readonly T[] =>
  JSON.parse(readFileSync(new URL(`../data/ops/${name}.json`, import.meta.url), 'utf8'))

/** The numbers of test/data/ops/make.py. */
function ramp(n: number, seed: number): number[] {
  let state = seed * 7919 + 17
  return range(n).map(() => {
    state = (state * 16807) % 2147483647
    return Math.fround((state / 2147483647) * 2 - 1)
  })
}

test("resize is PyTorch's interpolate, within what its float32 coordinates lose", async () => {
  for (const { length, size, y, mode, align_corners, antialias, scale } of stored<ResizeCase>('resize')) {
    const options = {
      mode,
      ...(align_corners && { alignCorners: true }),
      ...(antialias && { antialias: true }),
      ...(scale && { scale }),
    }
    const what = `${JSON.stringify(options)} ${length} to ${size}`
    await assertClose(ops.resize(Tensor.from(ramp(length, 1)), 0, size, options), nd([size], y), 4e-6, what)
  }
})

test('resize works on any axis of any view', async () => {
  const random = new Random(1)
  const options = { mode: 'bicubic' } as const
  for (let rank = 1; rank <= 6; rank++) {
    const x = random.numbers(random.shape(rank, 400))
    const axis = random.below(rank)
    const size = 1 + random.below(9)
    // As the last axis of the same tensor, turned back.
    const last = [...range(rank).filter((a) => a !== axis), axis]
    const back = range(rank).map((a) => last.indexOf(a))
    const expected = ops.permute(ops.resize(tensor(permute(x, last)), rank - 1, size, options), back)
    const numbers = nd(expected.shape, Array.from(await expected.data()))
    await assertSame(
      ops.resize(strided(random, x), axis - rank, size, options),
      numbers,
      `axis ${axis} of ${rank}`,
    )
  }
  await assertSame(ops.resize(Tensor.zeros([0, 4]), 1, 3, options), nd([0, 3], []), 'no rows')
})

test('a part of a resized axis has the bits of the whole', async () => {
  const x = Tensor.from(new Random(3).numbers([7, 5]).data, [7, 5])
  for (const mode of ['nearest', 'bilinear', 'bicubic'] as const)
    for (const [start, end] of [
      [0, 19],
      [4, 11],
      [18, 19],
    ] as const) {
      const whole = ops.slice(ops.resize(x, 0, 19, { mode }), { axis: 0, start, end })
      const part = ops.resize(x, 0, 19, { mode, part: { start, end } })
      await assertSame(part, nd(whole.shape, Array.from(await whole.data())), `${mode} ${start} to ${end}`)
    }
})

test('what is constant stays so, and NaN stays NaN', async () => {
  for (const mode of ['nearest', 'bilinear', 'bicubic'] as const) {
    await assertClose(
      ops.resize(Tensor.full([5], 3), 0, 13, { mode }),
      fill([13], () => 3),
      1e-6,
      mode,
    )
    const [first] = await ops.resize(Tensor.from([NaN, 1, 2]), 0, 6, { mode }).data()
    assert.ok(Number.isNaN(first), `${mode}: NaN became ${first}`)
  }
})

test("resample is Pillow's resize, bit for bit", async () => {
  const pixels = ramp(11 * 13 * 3, 2).map((value) =>
    Math.trunc(Math.fround(Math.fround(value + 1) / 2) * 256),
  )
  const picture = nd([11, 13, 3], pixels)
  const random = new Random(2)
  for (const { filter, height, width, bytes } of stored<ResampleCase>('resample')) {
    const rows = ops.resample(strided(random, picture, 'uint8'), 1, width, filter)
    const expected = nd([height, width, 3], bytes)
    await assertSame(ops.resample(rows, 0, height, filter), expected, `${filter} to ${height} x ${width}`)
  }
})

test('resample of one size is the picture; of nothing it is nothing', async () => {
  const picture = nd([2, 2], [1, 2, 3, 255])
  await assertSame(ops.resample(tensor(picture, 'uint8'), 1, 2, 'lanczos'), picture, 'same size')
  await assertSame(ops.resample(Tensor.zeros([0, 4], 'uint8'), 1, 3, 'box'), nd([0, 3], []), 'nothing')
})

test('wrong arguments of resize and resample', async () => {
  const x = Tensor.zeros([2, 3] as number[])
  const bilinear = { mode: 'bilinear' } as const
  await rejects(() => ops.resize(x, 2, 4, bilinear), 'SHAPE_MISMATCH', /resize: .* got axis 2/)
  await rejects(() => ops.resize(x, 0, 0, bilinear), 'OPTION_INVALID', /resize: size: .* got 0/)
  await rejects(
    () => ops.resize(x, 0, 4, { mode: 'area' as 'nearest' }),
    'OPTION_INVALID',
    /mode: expected one of .* got 'area'/,
  )
  await rejects(
    () => ops.resize(x, 0, 4, { mode: 'nearest', antialias: true }),
    'OPTION_INVALID',
    /antialias/,
  )
  await rejects(() => ops.resize(x, 0, 4, { ...bilinear, scale: 0 }), 'OPTION_INVALID', /scale: .* got 0/)
  await rejects(
    () => ops.resize(Tensor.zeros([0] as number[]), 0, 4, bilinear),
    'SHAPE_MISMATCH',
    /elements on the axis, got none/,
  )
  const part = (start: number, end: number) => () =>
    ops.resize(x, 0, 4, { ...bilinear, part: { start, end } })
  await rejects(part(-1, 2), 'OPTION_INVALID', /part\.start: .* got -1/)
  await rejects(part(2, 2), 'OPTION_INVALID', /part\.end: .* got 2/)
  await rejects(part(0, 5), 'OPTION_INVALID', /part\.end: .* at most the size, 4, got 5/)
  const picture = Tensor.zeros([2, 3] as number[], 'uint8')
  await rejects(() => ops.resample(picture, 5, 4, 'box'), 'SHAPE_MISMATCH', /resample: .* got axis 5/)
  await rejects(() => ops.resample(picture, 0, 1.5, 'box'), 'OPTION_INVALID', /size: .* got 1\.5/)
  const filter = 'linear' as 'box'
  await rejects(
    () => ops.resample(picture, 0, 4, filter),
    'OPTION_INVALID',
    /filter: expected one of .* got 'linear'/,
  )
  await rejects(
    () => ops.resample(x as unknown as Tensor<'uint8'>, 0, 4, 'box'),
    'DTYPE_MISMATCH',
    /expected uint8/,
  )
  await rejects(
    () => ops.resample(Tensor.zeros([0] as number[], 'uint8'), 0, 4, 'box'),
    'SHAPE_MISMATCH',
    /got none/,
  )
})

test.run()
