import { test } from 'uvu'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertClose,
  assertSame,
  at,
  eps,
  fill,
  map,
  type Nd,
  nd,
  Random,
  range,
  strided,
  tensor,
  zip,
} from './reference.js'

type Two = readonly [number, number]

interface Geometry {
  readonly stride?: Two
  /** Zeros before each axis; those after follow from the output's size. */
  readonly padding?: Two
  readonly dilation?: Two
  readonly groups?: number
}

/** Convolution in float64, a product at a time. */
function convolution(x: Nd, w: Nd, sizes: Two, geometry: Geometry): Nd {
  const { stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 } = geometry
  const [N, H, W] = x.shape as [number, number, number]
  const [O, I, kh, kw] = w.shape as [number, number, number, number]
  return fill([N, ...sizes, O], ([n, oh, ow, o]) => {
    const group = Math.floor(o! / (O / groups))
    let sum = 0
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const h = oh! * stride[0] - padding[0] + i * dilation[0]
        const v = ow! * stride[1] - padding[1] + j * dilation[1]
        if (h < 0 || h >= H || v < 0 || v >= W) continue
        for (let c = 0; c < I; c++) sum += at(x, [n!, h, v, group * I + c]) * at(w, [o!, c, i, j])
      }
    }
    return sum
  })
}

interface Case extends Geometry {
  readonly x: readonly number[]
  readonly w: readonly number[]
}

/** Dense, patches, grouped, depthwise, with a multiplier; strides, paddings and dilations that do not go evenly. */
const cases: Case[] = [
  { x: [1, 5, 7, 3], w: [4, 3, 3, 3] },
  { x: [2, 9, 6, 5], w: [17, 5, 3, 2], stride: [2, 3], padding: [1, 2] },
  { x: [1, 12, 11, 4], w: [6, 4, 3, 3], padding: [2, 2], dilation: [2, 3] },
  { x: [1, 4, 4, 1], w: [1, 1, 4, 4] },
  { x: [2, 6, 6, 8], w: [12, 8, 1, 1] },
  { x: [2, 6, 7, 8], w: [12, 8, 1, 1], stride: [2, 2] },
  { x: [2, 8, 12, 3], w: [10, 3, 4, 4], stride: [4, 4] },
  { x: [1, 11, 9, 3], w: [5, 3, 4, 2], stride: [4, 2] },
  { x: [1, 7, 7, 12], w: [8, 3, 3, 3], padding: [1, 1], groups: 4 },
  { x: [2, 5, 6, 6], w: [9, 2, 2, 3], stride: [1, 2], padding: [1, 1], groups: 3 },
  { x: [2, 9, 10, 19], w: [19, 1, 7, 7], padding: [3, 3], groups: 19 },
  { x: [1, 8, 9, 33], w: [33, 1, 3, 5], stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 33 },
  { x: [1, 6, 6, 4], w: [8, 1, 3, 3], padding: [1, 1], groups: 4 },
  { x: [1, 6, 6, 4], w: [4, 1, 2, 2], stride: [2, 2], groups: 4 },
  { x: [3, 1, 1, 2], w: [2, 2, 3, 3], padding: [1, 1] },
]

function sizesOf({ x, w, stride = [1, 1], padding = [0, 0], dilation = [1, 1] }: Case): Two {
  const size = (axis: 0 | 1) => {
    const span = x[axis + 1]! + 2 * padding[axis] - dilation[axis] * (w[axis + 2]! - 1) - 1
    return Math.floor(span / stride[axis]) + 1
  }
  return [size(0), size(1)]
}

test('whole numbers are convolved exactly', async () => {
  const random = new Random(1)
  for (const { x: xs, w: ws, ...geometry } of cases) {
    const [x, w, b] = [
      random.integers(xs, -5, 5),
      random.integers(ws, -5, 5),
      random.integers([ws[0]!], -5, 5),
    ]
    const expected = convolution(x, w, sizesOf({ x: xs, w: ws, ...geometry }), geometry)
    const what = `[${xs}] * [${ws}] ${JSON.stringify(geometry)}`
    const plain = ops.conv2d(strided(random, x), strided(random, w), undefined, geometry)
    await assertSame(
      ops.add(plain, 0),
      map(expected, (v) => v + 0),
      what,
    )
    const biased = ops.conv2d(strided(random, x), strided(random, w), strided(random, b), geometry)
    await assertSame(
      ops.add(biased, 0),
      map(
        zip(expected, b, (p, q) => p + q),
        (v) => v + 0,
      ),
      `bias: ${what}`,
    )
  }
})

test('random numbers are within K eps of the sum of magnitudes', async () => {
  const random = new Random(2)
  for (const { x: xs, w: ws, ...geometry } of cases) {
    const [x, w] = [random.numbers(xs, 2), random.numbers(ws)]
    const sizes = sizesOf({ x: xs, w: ws, ...geometry })
    const terms = ws[1]! * ws[2]! * ws[3]!
    const magnitude = convolution(map(x, Math.abs), map(w, Math.abs), sizes, geometry)
    await assertClose(
      ops.conv2d(strided(random, x), tensor(w), undefined, geometry),
      convolution(x, w, sizes, geometry),
      map(magnitude, (sum) => (terms + 2) * eps * sum),
      `[${xs}] * [${ws}]`,
    )
  }
})

test("padding 'same' gives ceil(input / stride), the odd zero after", async () => {
  const random = new Random(3)
  for (const [size, kernel, stride, dilation] of [
    [7, 3, 1, 1],
    [7, 4, 1, 1],
    [8, 3, 2, 1],
    [5, 2, 3, 1],
    [6, 3, 2, 2],
  ] as const) {
    const [x, w] = [
      random.integers([1, size, size + 1, 2], -4, 4),
      random.integers([3, 2, kernel, kernel], -4, 4),
    ]
    const out = [size, size + 1].map((s) => Math.ceil(s / stride)) as [number, number]
    const before = [size, size + 1].map((s, axis) =>
      Math.floor(Math.max(0, (out[axis]! - 1) * stride + dilation * (kernel - 1) + 1 - s) / 2),
    ) as [number, number]
    const geometry = { stride: [stride, stride], padding: before, dilation: [dilation, dilation] } as const
    const product = ops.conv2d(tensor(x), tensor(w), undefined, { stride, dilation, padding: 'same' })
    const expected = convolution(x, w, out, geometry)
    await assertSame(
      ops.add(product, 0),
      map(expected, (v) => v + 0),
      `same ${size} ${kernel} ${stride} ${dilation}`,
    )
  }
})

test('other zeros before than after the images, and those of TensorFlow where the stride is the kernel', async () => {
  const random = new Random(9)
  const x = random.integers([1, 6, 5, 3], -8, 8)
  const w = random.integers([4, 3, 3, 3], -8, 8)
  const uneven = { stride: 2, padding: { before: [0, 1], after: [1, 0] } } as const
  const got = ops.conv2d(tensor(x), tensor(w), undefined, uneven)
  await assertSame(got, convolution(x, w, [3, 2], { stride: [2, 2], padding: [0, 1] }), 'uneven')
  for (const side of [2, 3]) {
    const patch = random.integers([4, 3, side, side], -8, 8)
    const same = ops.conv2d(tensor(x), tensor(patch), undefined, { stride: side, padding: 'same' })
    const sizes = [Math.ceil(6 / side), Math.ceil(5 / side)] as const
    const want = convolution(x, patch, sizes, { stride: [side, side] })
    await assertSame(same, want, `patches of ${side}`)
  }
})

test('NaN reaches the windows that hold it, and no others; an empty batch gives none', async () => {
  const x = fill([1, 4, 4, 1], ([, h, w]) => (h === 0 && w === 0 ? NaN : 1))
  for (const channels of [1, 2]) {
    const y = ops.conv2d(tensor(x), Tensor.ones([channels, 1, 3, 3]))
    const expected = fill([1, 2, 2, channels], ([, h, w]) => (h === 0 && w === 0 ? NaN : 9))
    await assertSame(y, expected, `${channels} channels`)
  }
  await assertSame(
    ops.conv2d(Tensor.zeros([0, 5, 5, 2]), Tensor.ones([3, 2, 3, 3])),
    nd([0, 3, 3, 3], []),
    'no batch',
  )
  await assertSame(ops.maxPool2d(Tensor.zeros([0, 4, 4, 2]), { kernel: 2 }), nd([0, 2, 2, 2], []), 'no batch')
})

interface Pool {
  readonly kernel: Two
  readonly stride: Two
  readonly padding: Two
  readonly dilation: Two
  readonly ceil: boolean
  readonly countPadding: boolean
}

/** Pooling by PyTorch's rules. */
function pool(x: Nd, average: boolean, { kernel, stride, padding, dilation, ceil, countPadding }: Pool): Nd {
  const input = [x.shape[1]!, x.shape[2]!]
  const sizes = input.map((size, axis) => {
    const reach = dilation[axis]! * (kernel[axis]! - 1)
    const span = size + 2 * padding[axis]! - reach - 1
    let steps = (ceil ? Math.ceil(span / stride[axis]!) : Math.floor(span / stride[axis]!)) + 1
    if (ceil && (steps - 1) * stride[axis]! >= size + padding[axis]!) steps--
    return steps
  })
  return fill([x.shape[0]!, ...sizes, x.shape[3]!], ([n, oh, ow, c]) => {
    const values: number[] = []
    let padded = 0
    for (const i of range(kernel[0])) {
      for (const j of range(kernel[1])) {
        const place = [
          oh! * stride[0] - padding[0] + i * dilation[0],
          ow! * stride[1] - padding[1] + j * dilation[1],
        ]
        const inside = place.every((p, axis) => p >= 0 && p < input[axis]!)
        if (inside) values.push(at(x, [n!, place[0]!, place[1]!, c!]))
        if (place.every((p, axis) => p < input[axis]! + padding[axis]!)) padded++
      }
    }
    if (!average) return Math.max(...values)
    return values.reduce((sum, v) => sum + v, 0) / (countPadding ? padded : values.length)
  })
}

test('pooling: strides, padding, dilation, ceil and the divisor, as in PyTorch', async () => {
  const random = new Random(4)
  for (let round = 0; round < 60; round++) {
    const kernel = [1 + random.below(4), 1 + random.below(4)] as const
    const options = {
      kernel,
      stride: [1 + random.below(3), 1 + random.below(3)] as const,
      padding: kernel.map((k) => random.below(Math.floor(k / 2) + 1)) as [number, number],
      dilation: [1, 1] as const,
      ceil: random.below(2) === 0,
    }
    const averaged = { ...options, countPadding: random.below(2) === 0 }
    const x = random.numbers([2, 5 + random.below(5), 5 + random.below(5), random.pick([1, 3, 16, 19])], 3)
    const dilated = { ...options, dilation: [1 + random.below(2), 1 + random.below(2)] as const }
    const what = JSON.stringify(averaged)
    await assertSame(
      ops.maxPool2d(strided(random, x), dilated),
      pool(x, false, { ...averaged, ...dilated }),
      `max ${what}`,
    )
    const mean = pool(x, true, averaged)
    await assertClose(ops.avgPool2d(strided(random, x), averaged), mean, 20 * eps * 3, `average ${what}`)
  }
})

test("pooling with padding 'same' looks at what is inside", async () => {
  const x = nd([1, 3, 3, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  const max = ops.maxPool2d(tensor(x), { kernel: 2, stride: 2, padding: 'same' })
  await assertSame(max, nd([1, 2, 2, 1], [5, 6, 8, 9]), 'max')
  const average = { kernel: 2, stride: 2, padding: 'same' } as const
  await assertSame(
    ops.avgPool2d(tensor(x), { ...average, countPadding: false }),
    nd([1, 2, 2, 1], [3, 4.5, 7.5, 9]),
    'inside',
  )
  await assertSame(ops.avgPool2d(tensor(x), average), nd([1, 2, 2, 1], [3, 2.25, 3.75, 2.25]), 'zeros count')
})

test('NaN wins a maximum, and padding never does', async () => {
  const x = nd([1, 2, 2, 1], [NaN, -1, -2, -3])
  const y = ops.maxPool2d(tensor(x), { kernel: 1, stride: 1, padding: 0 })
  await assertSame(y, x, 'kernel 1')
  const z = ops.maxPool2d(tensor(x), { kernel: 2, stride: 2, padding: 1 })
  await assertSame(z, x, 'corners')
})

test('wrong arguments of convolutions and pools', async () => {
  const x = Tensor.zeros([1, 5, 5, 4] as number[])
  const w = Tensor.zeros([6, 4, 3, 3] as number[])
  const bad = (value: unknown) => value as number
  const shape = (sizes: number[]) => Tensor.zeros(sizes)
  await rejects(
    () => ops.conv2d(shape([5, 5, 4]), w),
    'SHAPE_MISMATCH',
    /conv2d: expected rank 4 \[N, H, W, C\]/,
  )
  await rejects(() => ops.conv2d(x, shape([6, 4])), 'SHAPE_MISMATCH', /conv2d: weight: expected rank 4/)
  await rejects(
    () => ops.conv2d(x, shape([6, 3, 3, 3])),
    'SHAPE_MISMATCH',
    /1 groups over the 4 channels .* got \[6, 3, 3, 3\]/,
  )
  await rejects(
    () => ops.conv2d(x, shape([5, 2, 3, 3]), undefined, { groups: 2 }),
    'SHAPE_MISMATCH',
    /2 groups over/,
  )
  await rejects(() => ops.conv2d(x, w, shape([5])), 'SHAPE_MISMATCH', /bias: expected \[6\], got \[5\]/)
  await rejects(
    () => ops.conv2d(x, shape([6, 4, 7, 3])),
    'SHAPE_MISMATCH',
    /window of \[7, 3\], got \[5, 5\]/,
  )
  await rejects(() => ops.conv2d(x, shape([6, 4, 0, 3])), 'SHAPE_MISMATCH', /got \[0, 3\] over/)
  await rejects(
    () => ops.conv2d(shape([1, 0, 5, 4]), w, undefined, { padding: 3 }),
    'SHAPE_MISMATCH',
    /\[0, 5\]/,
  )
  await rejects(() => ops.conv2d(x, w, undefined, { stride: 0 }), 'OPTION_INVALID', /stride: .* got 0/)
  await rejects(
    () => ops.conv2d(x, w, undefined, { dilation: [1, 0.5] }),
    'OPTION_INVALID',
    /dilation: .* got 0\.5/,
  )
  await rejects(() => ops.conv2d(x, w, undefined, { padding: -1 }), 'OPTION_INVALID', /padding: .* got -1/)
  await rejects(() => ops.conv2d(x, w, undefined, { padding: bad('valid') }), 'OPTION_INVALID', /padding/)
  await rejects(() => ops.conv2d(x, w, undefined, { groups: bad('2') }), 'OPTION_INVALID', /groups/)
  await rejects(
    () => ops.maxPool2d(x, { kernel: 6 }),
    'SHAPE_MISMATCH',
    /maxPool2d: expected an input of at least one window of \[6, 6\]/,
  )
  await rejects(() => ops.avgPool2d(x, { kernel: bad(undefined) }), 'OPTION_INVALID', /avgPool2d: kernel/)
  const ints = Tensor.zeros([1, 5, 5, 4], 'int32') as unknown as ops.FloatTensor
  await rejects(() => ops.maxPool2d(ints, { kernel: 2 }), 'DTYPE_MISMATCH', /maxPool2d: expected float32/)
})

test.run()
