import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../../lib/graph/dtype.js'
import * as ops from '../../lib/ops/index.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertSame,
  at,
  fill,
  map,
  type Nd,
  nd,
  permute,
  Random,
  range,
  sizeOf,
  strided,
  tensor,
} from './reference.js'

const counting = (shape: readonly number[]): Nd => nd(shape, range(sizeOf(shape)))

/** Shapes of as many elements. */
function regroup(random: Random, shape: readonly number[]): number[] {
  const factors: number[] = []
  for (let rest = sizeOf(shape), f = 2; rest > 1; f++) for (; rest % f === 0; rest /= f) factors.push(f)
  const groups = Array.from({ length: 1 + random.below(8) }, () => 1)
  for (const factor of factors) groups[random.below(groups.length)]! *= factor
  return groups
}

test('reshape keeps the elements in row-major order, whatever lies below', async () => {
  const random = new Random(1)
  for (let round = 0; round < 150; round++) {
    const x = counting(random.shape(random.below(9), 300, [1, 2, 3, 4, 6]))
    const shape = regroup(random, x.shape)
    await assertSame(ops.reshape(strided(random, x), shape), nd(shape, x.data), 'reshape')
  }
  assert.equal(ops.reshape(Tensor.zeros([4, 6]), [-1, 8]).shape, [3, 8])
  assert.equal(ops.reshape(Tensor.zeros([0, 6]), [3, -1]).shape, [3, 0])
  assert.equal(ops.reshape(Tensor.zeros([1]), []).shape, [])
})

test('permute and transpose', async () => {
  const random = new Random(2)
  for (let rank = 0; rank <= 8; rank++) {
    for (let round = 0; round < 4; round++) {
      const x = counting(random.shape(rank))
      const axes = random.shuffle(rank)
      const asGiven = axes.map((axis) => (random.below(2) ? axis : axis - rank))
      await assertSame(ops.permute(strided(random, x), asGiven), permute(x, axes), `permute ${axes}`)
      if (rank < 2) continue
      const swapped = range(rank)
      swapped.splice(rank - 2, 2, rank - 1, rank - 2)
      await assertSame(ops.transpose(strided(random, x)), permute(x, swapped), 'transpose')
    }
  }
  const x = counting([2, 3, 4])
  await assertSame(ops.transpose(tensor(x), 0, -1), permute(x, [2, 1, 0]), 'transpose 0 -1')
})

test('expand, squeeze and unsqueeze', async () => {
  const random = new Random(3)
  for (let rank = 0; rank <= 8; rank++) {
    const shape = random.shape(rank, 500)
    const narrow = shape.map((dim) => (random.below(2) ? 1 : dim)).slice(random.below(rank + 1))
    const x = counting(narrow)
    const expected = fill(shape, (place) => at(x, place))
    await assertSame(ops.expand(strided(random, x), shape), expected, `expand [${narrow}] to [${shape}]`)
  }
  const x = tensor(counting([2, 1, 3]))
  await assertSame(ops.squeeze(x, 1), counting([2, 3]), 'squeeze')
  await assertSame(ops.squeeze(x, -2), counting([2, 3]), 'squeeze -2')
  await assertSame(ops.unsqueeze(x, -1), counting([2, 1, 3, 1]), 'unsqueeze -1')
  await assertSame(ops.unsqueeze(x, 0), counting([1, 2, 1, 3]), 'unsqueeze 0')
  await assertSame(ops.unsqueeze(Tensor.full([], 4), 0), nd([1], [4]), 'unsqueeze of a scalar')
})

test('slice cuts as Python does', async () => {
  const random = new Random(4)
  for (let round = 0; round < 120; round++) {
    const x = counting(random.shape(1 + random.below(5), 400))
    const axis = random.below(x.shape.length)
    const dim = x.shape[axis]!
    const [start, end] = [random.below(3 * dim) - dim, random.below(3 * dim) - dim]
    const step = 1 + random.below(3)
    const clip = (place: number) => Math.min(dim, Math.max(0, place < 0 ? place + dim : place))
    const places = range(dim).filter(
      (p) => p >= clip(start) && p < clip(end) && (p - clip(start)) % step === 0,
    )
    const shape = x.shape.map((old, index) => (index === axis ? places.length : old))
    const expected = fill(shape, (place) =>
      at(
        x,
        place.map((p, i) => (i === axis ? places[p]! : p)),
      ),
    )
    await assertSame(
      ops.slice(strided(random, x), { axis, start, end, step }),
      expected,
      `${start}:${end}:${step}`,
    )
  }
})

test('select and split', async () => {
  const x = counting([3, 4, 5])
  const random = new Random(5)
  for (const [axis, place] of [
    [0, 2],
    [1, -1],
    [-1, 0],
  ] as const) {
    const from = axis < 0 ? axis + 3 : axis
    const index = place < 0 ? place + x.shape[from]! : place
    const shape = x.shape.filter((_, other) => other !== from)
    const expected = fill(shape, (p) => at(x, [...p.slice(0, from), index, ...p.slice(from)]))
    await assertSame(ops.select(strided(random, x), axis, place), expected, `select ${axis} ${place}`)
  }
  const [a, b, c] = ops.split(tensor(x), [2, 0, 3])
  await assertSame(
    a,
    fill([3, 4, 2], (p) => at(x, p)),
    'first part',
  )
  await assertSame(b, nd([3, 4, 0], []), 'empty part')
  await assertSame(
    c,
    fill([3, 4, 3], ([i, j, k]) => at(x, [i!, j!, k! + 2])),
    'last part',
  )
  const rows = ops.split(tensor(x), [1, 2], 0)
  await assertSame(
    rows[1],
    fill([2, 4, 5], ([i, j, k]) => at(x, [i! + 1, j!, k!])),
    'rows',
  )
})

test('concat and stack', async () => {
  const random = new Random(6)
  for (let round = 0; round < 40; round++) {
    const shape = random.shape(1 + random.below(8), 200)
    const axis = random.below(shape.length)
    const parts = range(1 + random.below(4)).map((part) => {
      const dim = random.below(4)
      return fill(
        shape.map((old, index) => (index === axis ? dim : old)),
        () => part * 1000 + random.below(1000),
      )
    })
    const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0)
    const expected = fill(
      shape.map((old, index) => (index === axis ? total : old)),
      (place) => {
        let along = place[axis]!
        let part = 0
        while (along >= parts[part]!.shape[axis]!) along -= parts[part++]!.shape[axis]!
        return at(
          { ...parts[part]! },
          place.map((p, index) => (index === axis ? along : p)),
        )
      },
    )
    const dtype = random.pick<DType>(['float32', 'int32', 'int64'])
    const tensors = parts.map((part) =>
      sizeOf(part.shape) ? strided(random, part, dtype) : tensor(part, dtype),
    )
    await assertSame(
      ops.concat(tensors, axis - (random.below(2) ? shape.length : 0)),
      expected,
      `concat ${axis}`,
    )
  }
  const [a, b] = [counting([2, 3]), map(counting([2, 3]), (v) => v + 10)]
  for (const axis of [0, 1, 2, -1]) {
    const place = axis < 0 ? 2 : axis
    const shape = [2, 3]
    shape.splice(place, 0, 2)
    const expected = fill(shape, (p) =>
      at(
        [a, b][p[place]!]!,
        p.filter((_, index) => index !== place),
      ),
    )
    await assertSame(ops.stack([tensor(a), strided(random, b)], axis), expected, `stack ${axis}`)
  }
})

test('a list of a thousand is joined', async () => {
  const parts = range(1000).map((i) => Tensor.from([i, -i], [1, 2]))
  await assertSame(
    ops.concat(parts),
    fill([1000, 2], ([i, j]) => (j ? -i! : i!)),
    'a thousand',
  )
  const one = Tensor.from([1, 2])
  await assertSame(
    ops.concat(range(1000).map(() => one)),
    fill([2000], ([i]) => 1 + (i! % 2)),
    'the same',
  )
})

test('pad', async () => {
  const random = new Random(7)
  for (let rank = 1; rank <= 6; rank++) {
    const x = counting(random.shape(rank, 200))
    const widths = x.shape.map(() => [random.below(3), random.below(3)] as const)
    const shape = x.shape.map((dim, axis) => dim + widths[axis]![0] + widths[axis]![1])
    const expected = fill(shape, (place) => {
      const inside = place.map((p, axis) => p - widths[axis]![0])
      return inside.every((p, axis) => p >= 0 && p < x.shape[axis]!) ? at(x, inside) : 9
    })
    await assertSame(ops.pad(strided(random, x, 'int32'), widths, 9), expected, `pad ${widths.join(' ')}`)
  }
  await assertSame(
    ops.pad(
      Tensor.zeros([0, 2]),
      [
        [1, 1],
        [0, 0],
      ],
      5,
    ),
    nd([2, 2], [5, 5, 5, 5]),
    'pad of nothing',
  )
  await assertSame(ops.pad(Tensor.from([true]), [[1, 0]]), nd([2], [0, 1]), 'bool')
})

test('cast between all types', async () => {
  const values = [0, 1, 2, 255, 3, 100]
  const dtypes: DType[] = ['float32', 'float16', 'bfloat16', 'int64', 'int32', 'uint8', 'bool']
  for (const from of dtypes) {
    for (const to of dtypes) {
      const made = ops.cast(ops.cast(Tensor.from(values), from), to)
      const through = from === 'bool' || to === 'bool' ? values.map((v) => (v ? 1 : 0)) : values
      assert.equal(await ops.cast(made, 'float32').toArray(), through, `${from} to ${to}`)
    }
  }
})

test('cast truncates floats, stops at the limits of integers, and rounds to half precision', async () => {
  const x = Tensor.from([1.9, -1.9, 3e9, -3e9, Number.NaN, Infinity])
  assert.equal(await ops.cast(x, 'int32').toArray(), [1, -1, 2 ** 31 - 1, -(2 ** 31), 0, 2 ** 31 - 1])
  assert.equal(await ops.cast(x, 'uint8').toArray(), [1, 0, 255, 0, 0, 255])
  assert.equal(await ops.cast(x, 'bool').toArray(), [true, true, true, true, true, true])
  const wide = Tensor.from([2n ** 40n, -(2n ** 40n), 5n])
  assert.equal(await ops.cast(wide, 'int32').toArray(), [2 ** 31 - 1, -(2 ** 31), 5])
  const halves = ops.cast(Tensor.from([0.1, 65520, 1e-8, -2, Number.NaN]), 'float16')
  assert.equal(await halves.toArray(), [0.0999755859375, Infinity, 0, -2, Number.NaN])
  const brain = ops.cast(Tensor.from([0.1, 1.00390625, 1.01171875, -Infinity]), 'bfloat16')
  assert.equal(await brain.toArray(), [0.10009765625, 1, 1.015625, -Infinity], 'ties go to even')
})

test('views of views of views', async () => {
  const random = new Random(8)
  for (let round = 0; round < 60; round++) {
    let x = counting(random.shape(1 + random.below(4), 400, [1, 2, 3, 4, 6]))
    let t: Tensor = tensor(x)
    for (let depth = 0; depth < 6; depth++) {
      const rank = x.shape.length
      const kind = random.below(3)
      if (kind === 0) {
        const axes = random.shuffle(rank)
        ;[t, x] = [ops.permute(t, axes), permute(x, axes)]
      } else if (kind === 1) {
        const shape = regroup(random, x.shape)
        ;[t, x] = [ops.reshape(t, shape), nd(shape, x.data)]
      } else {
        const axis = random.below(rank)
        const start = random.below(x.shape[axis]!)
        const shape = x.shape.map((dim, index) => (index === axis ? dim - start : dim))
        const [old, from] = [x, start]
        x = fill(shape, (place) =>
          at(
            { ...old },
            place.map((p, i) => (i === axis ? p + from : p)),
          ),
        )
        t = ops.slice(t, { axis, start })
      }
    }
    await assertSame(t, x, 'views')
  }
})

test('an op that changes nothing gives a tensor of its own', async () => {
  const same: ((x: ops.FloatTensor<[2, 3]>) => Tensor)[] = [
    (x) => ops.reshape(x, [2, 3]),
    (x) => ops.permute(x, [0, 1]),
    (x) => ops.expand(x, [2, 3]),
    (x) => ops.slice(x, { axis: 0 }),
    (x) => ops.concat([x]),
    (x) =>
      ops.pad(x, [
        [0, 0],
        [0, 0],
      ]),
    (x) => ops.cast(x, 'float32'),
    (x) => ops.split(x, [3])[0],
  ]
  for (const [index, op] of same.entries()) {
    const x = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3])
    const y = op(x)
    assert.is.not(y, x)
    await evaluate([y])
    y.dispose()
    assert.equal(
      await x.toArray(),
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      `op ${index} took its operand along`,
    )
    const z = op(x)
    await z.data()
    x.dispose()
    assert.equal(
      await z.toArray(),
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      `op ${index} did not keep its own`,
    )
  }
})

test('wrong arguments of shape ops', async () => {
  const x = Tensor.zeros([2, 3] as number[])
  const any = (value: unknown) => value as number
  await rejects(
    () => ops.reshape(x, [4]),
    'SHAPE_MISMATCH',
    /reshape: expected 6 elements, as in \[2, 3\], got \[4\]/,
  )
  await rejects(
    () => ops.reshape(x, [-1, 4]),
    'SHAPE_MISMATCH',
    /sizes that divide 6 elements, got \[-1, 4\]/,
  )
  await rejects(() => ops.reshape(x, [-1, -1]), 'SHAPE_MISMATCH', /\[-1, -1\]/)
  await rejects(() => ops.reshape(x, [-1, 0]), 'SHAPE_MISMATCH', /\[-1, 0\]/)
  await rejects(
    () => ops.reshape(x, [1.5, 4]),
    'SHAPE_MISMATCH',
    /reshape: element 0: expected a whole number, .* got 1\.5/,
  )
  await rejects(() => ops.reshape(x, 6 as unknown as number[]), 'SHAPE_MISMATCH', /got 6/)
  await rejects(() => ops.reshape(x, [1, 1, 1, 1, 1, 1, 1, 2, 3]), 'SHAPE_MISMATCH', /at most 8 axes/)
  await rejects(
    () => ops.permute(x, [0]),
    'SHAPE_MISMATCH',
    /permute: expected each axis of \[2, 3\] once, got \[0\]/,
  )
  await rejects(() => ops.permute(x, [0, 0]), 'SHAPE_MISMATCH', /once/)
  await rejects(() => ops.permute(x, [0, 2]), 'SHAPE_MISMATCH', /an axis of a tensor of rank 2, got axis 2/)
  await rejects(() => ops.transpose(x, 0, 5), 'SHAPE_MISMATCH', /axis 5/)
  await rejects(() => ops.transpose(Tensor.zeros([3] as number[])), 'SHAPE_MISMATCH', /axis -2/)
  await rejects(() => ops.expand(x, [2, 4]), 'SHAPE_MISMATCH', /expand: expected shapes that broadcast/)
  await rejects(() => ops.expand(x, [3]), 'SHAPE_MISMATCH', /a shape to which \[2, 3\] broadcasts, got \[3\]/)
  await rejects(() => ops.expand(x, [-1, 3]), 'SHAPE_MISMATCH', /got \[-1, 3\]/)
  await rejects(() => ops.squeeze(x, 0), 'SHAPE_MISMATCH', /squeeze: expected size 1 on axis 0, got \[2, 3\]/)
  await rejects(() => ops.unsqueeze(x, 4), 'SHAPE_MISMATCH', /got axis 4/)
  await rejects(() => ops.unsqueeze(Tensor.zeros([1, 1, 1, 1, 1, 1, 1, 1]), 0), 'SHAPE_MISMATCH', /at most 8/)
  await rejects(() => ops.slice(x, { axis: 2 }), 'SHAPE_MISMATCH', /slice: .* got axis 2/)
  await rejects(() => ops.slice(x, { axis: 0, step: 0 }), 'OPTION_INVALID', /step: .* got 0/)
  await rejects(
    () => ops.slice(x, { axis: 0, start: 0.5 }),
    'OPTION_INVALID',
    /slice: start and end: expected whole numbers, got 0\.5/,
  )
  await rejects(() => ops.slice(x, { axis: any('0') }), 'SHAPE_MISMATCH', /got axis '0'/)
  await rejects(() => ops.select(x, 0, 2), 'INDEX_OUT_OF_RANGE', /from -2 to 1 for axis 0 of \[2, 3\], got 2/)
  await rejects(() => ops.select(x, 0, -3), 'INDEX_OUT_OF_RANGE', /got -3/)
  await rejects(() => ops.split(x, [1, 1]), 'SHAPE_MISMATCH', /add up to axis -1 of \[2, 3\], got \[1, 1\]/)
  await rejects(() => ops.split(x, [-1, 4]), 'OPTION_INVALID', /split: a size: .* got -1/)
  await rejects(() => ops.concat([] as Tensor[]), 'INPUT_INVALID', /a list of tensors, got an empty list/)
  await rejects(() => ops.concat([x, Tensor.zeros([3, 2] as number[])]), 'SHAPE_MISMATCH', /except on axis 0/)
  await rejects(
    () => ops.concat([x, Tensor.zeros([2] as number[])]),
    'SHAPE_MISMATCH',
    /the sizes of the first, \[2, 3\]/,
  )
  await rejects(
    () => ops.concat([x, Tensor.zeros([2, 3], 'int32')] as Tensor[]),
    'DTYPE_MISMATCH',
    /the type of the first, float32\[2, 3\]/,
  )
  await rejects(() => ops.concat([x, 1] as unknown as Tensor[]), 'INPUT_INVALID', /a tensor, got 1/)
  await rejects(
    () => ops.stack([x, Tensor.zeros([3, 2] as number[])]),
    'SHAPE_MISMATCH',
    /stack: element 1: expected the shape of the first, \[2, 3\], got \[3, 2\]/,
  )
  await rejects(() => ops.pad(x, [[1, 1]] as [number, number][]), 'SHAPE_MISMATCH', /got 1 pairs/)
  await rejects(
    () =>
      ops.pad(x, [
        [-1, 0],
        [0, 0],
      ]),
    'OPTION_INVALID',
    /width: .* got -1/,
  )
  await rejects(() => ops.cast(x, 'double' as 'float32'), 'DTYPE_MISMATCH', /a data type, got 'double'/)
  const gone = Tensor.from([1])
  gone.dispose()
  await rejects(() => ops.reshape(gone, [1, 1]), 'DISPOSED', /reshape: the tensor float32\[1\] was disposed/)
})

test.run()
