import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import {
  assertClose,
  assertNumbers,
  assertSame,
  at,
  eps,
  fill,
  type Nd,
  nd,
  numbersOf,
  Random,
  range,
  strided,
  tensor,
} from './reference.js'

interface Options {
  readonly scale?: number
  readonly causal?: boolean
  readonly window?: number
  /** Added to the scores, of any shape that broadcasts to them. */
  readonly mask?: Nd
  readonly keyLength?: readonly number[]
}

/** Whether query i attends to key j, by position only. */
function sees({ causal = false, window }: Options, place: number, j: number): boolean {
  return !(causal && j > place) && !(window !== undefined && Math.abs(place - j) > window)
}

interface Expected {
  readonly output: Nd
  readonly weights: Nd
  /** Error bound of each element. */
  readonly outputBound: Nd
  readonly weightBound: Nd
}

/** softmax(q k^T scale + mask) v in float64. */
function reference(q: Nd, k: Nd, v: Nd, options: Options): Expected {
  const [B, H, Nq, D] = q.shape as [number, number, number, number]
  const [Nk, Dv] = [k.shape[2]!, v.shape[3]!]
  const scale = options.scale ?? 1 / Math.sqrt(D)
  const weights: number[] = []
  const weightErrors: number[] = []
  const output: number[] = []
  const outputErrors: number[] = []
  for (const [b, h, i] of placesOf(B, H, Nq)) {
    const exist = options.keyLength?.[b % options.keyLength.length] ?? Nk
    const seen = range(Nk).map((j) => j < exist && sees(options, exist - Nq + i, j))
    let rounding = 0
    const scores = range(Nk).map((j) => {
      if (!seen[j]) return Number.NEGATIVE_INFINITY
      let [sum, magnitude] = [0, 0]
      for (let d = 0; d < D; d++) {
        const product = at(q, [b, h, i, d]) * at(k, [b, h, j, d])
        sum += product
        magnitude += Math.abs(product)
      }
      const added = options.mask ? at(options.mask, [b, h, i, j]) : 0
      const size = (D + 4) * magnitude * Math.abs(scale) + (Number.isFinite(added) ? 2 * Math.abs(added) : 0)
      rounding = Math.max(rounding, size * eps)
      return sum * scale + added
    })
    const most = Math.max(...scores)
    const hidden = most === Number.NEGATIVE_INFINITY
    const exponentials = scores.map((s) =>
      hidden || s === Number.NEGATIVE_INFINITY ? 0 : Math.exp(s - most),
    )
    const total = exponentials.reduce((sum, e) => sum + e, 0)
    const row = exponentials.map((e) => (hidden ? 0 : e / total))
    // Scores that are off by r make weights off by a factor of e^2r.
    const relative = 2.5 * rounding + 24 * eps
    weights.push(...row)
    weightErrors.push(...row.map((w) => relative * w))
    for (let d = 0; d < Dv; d++) {
      const terms = row.map((w, j) => (w === 0 ? 0 : w * at(v, [b, h, j, d])))
      output.push(terms.reduce((sum, t) => sum + t, 0))
      const magnitude = terms.reduce((sum, t) => sum + Math.abs(t), 0)
      outputErrors.push((relative + (Nk + 8) * eps) * magnitude)
    }
  }
  const [outShape, weightShape] = [
    [B, H, Nq, Dv],
    [B, H, Nq, Nk],
  ]
  return {
    output: nd(outShape, output),
    outputBound: nd(outShape, outputErrors),
    weights: nd(weightShape, weights),
    weightBound: nd(weightShape, weightErrors),
  }
}

/** All indices of a shape, in row-major order. */
function placesOf(B: number, H: number, N: number): [number, number, number][] {
  return range(B).flatMap((b) =>
    range(H).flatMap((h) => range(N).map((n): [number, number, number] => [b, h, n])),
  )
}

function optionsOf(options: Options, random: Random): ops.AttentionOptions {
  const { mask, keyLength, ...plain } = options
  return {
    ...plain,
    mask: mask && strided(random, mask),
    keyLength: keyLength && Tensor.from([...keyLength], [keyLength.length], 'int32'),
  }
}

async function check(
  random: Random,
  sizes: readonly number[],
  options: Options,
  what: string,
): Promise<void> {
  const [B, H, Nq, Nk, D, Dv] = sizes as [number, number, number, number, number, number]
  const [q, k, v] = [
    random.numbers([B, H, Nq, D], 2),
    random.numbers([B, H, Nk, D], 2),
    random.numbers([B, H, Nk, Dv]),
  ]
  const expected = reference(q, k, v, options)
  const [tq, tk, tv] = [strided(random, q), strided(random, k), strided(random, v)]
  const asked = optionsOf(options, random)
  const output = ops.attention(tq, tk, tv, asked)
  const weights = ops.attentionWeights(tq, tk, asked)
  await evaluate([output, weights])
  await assertClose(output, expected.output, expected.outputBound, what)
  await assertClose(weights, expected.weights, expected.weightBound, `weights: ${what}`)
  const alone = ops.attention(tq, tk, tv, asked)
  assertNumbers(await numbersOf(alone), await numbersOf(output), `${what}, without weights`)
  const [start, end] = [random.below(Nq), Nq]
  const rows = ops.attentionWeights(tq, tk, { ...asked, rows: { start, end } })
  const whole = nd(weights.shape, await numbersOf(weights))
  const part = fill([B, H, end - start, Nk], ([b, h, i, j]) => at(whole, [b!, h!, i! + start, j!]))
  await assertSame(rows, part, `rows ${start} on: ${what}`)
}

/** [batch, heads, queries, keys, width, width of values]. */
const sizes = [
  [1, 1, 1, 1, 1, 1],
  [2, 3, 5, 5, 8, 8],
  [1, 2, 7, 300, 33, 5],
  [2, 1, 130, 70, 17, 40],
  [1, 2, 1, 257, 64, 64],
]

test('attention and its weights against float64', async () => {
  const random = new Random(1)
  for (const size of sizes) await check(random, size, {}, `[${size}]`)
})

test('with another scale', async () => {
  const random = new Random(2)
  for (const scale of [0, 1, -0.5, 3]) await check(random, [2, 2, 9, 11, 6, 7], { scale }, `scale ${scale}`)
})

test('causal: the last query has the position of the last key, whatever their numbers', async () => {
  const random = new Random(3)
  for (const [Nq, Nk] of [
    [6, 6],
    [3, 9],
    [9, 3],
    [1, 8],
    [150, 260],
    [260, 150],
  ] as const)
    await check(random, [1, 2, Nq, Nk, 8, 6], { causal: true }, `causal ${Nq} ${Nk}`)
})

test('windows, with and without causality', async () => {
  const random = new Random(4)
  for (const window of [1, 2, 40, 1000])
    for (const causal of [false, true])
      for (const [Nq, Nk] of [
        [7, 7],
        [3, 12],
        [200, 300],
      ] as const)
        await check(
          random,
          [1, 1, Nq, Nk, 5, 4],
          { window, causal },
          `window ${window} ${causal} ${Nq} ${Nk}`,
        )
})

test('float masks of every broadcast shape are added to the scores', async () => {
  const random = new Random(5)
  for (const shape of [[2, 3, 4, 5], [1, 3, 1, 5], [4, 5], [5], [2, 1, 4, 1], [], [1, 1, 4, 5]]) {
    const mask = random.numbers(shape, 4)
    await check(random, [2, 3, 4, 5, 8, 8], { mask }, `mask [${shape}]`)
    if (shape.length === 0) continue
    const hiding = fill(shape, (place) => (random.below(3) ? at(mask, place) : Number.NEGATIVE_INFINITY))
    await check(random, [2, 3, 4, 5, 8, 8], { mask: hiding }, `mask with -Infinity [${shape}]`)
  }
})

test('bool masks hide where they are false', async () => {
  const random = new Random(6)
  for (const shape of [
    [2, 1, 1, 6],
    [4, 6],
    [2, 3, 4, 6],
  ]) {
    const seen = random.integers(shape, 0, 1)
    const [q, k, v] = [
      random.numbers([2, 3, 4, 8]),
      random.numbers([2, 3, 6, 8]),
      random.numbers([2, 3, 6, 8]),
    ]
    const mask = nd(
      shape,
      seen.data.map((s) => (s ? 0 : Number.NEGATIVE_INFINITY)),
    )
    const expected = reference(q, k, v, { mask })
    const asked = { mask: strided(random, seen, 'bool') }
    await assertClose(
      ops.attention(tensor(q), tensor(k), tensor(v), asked),
      expected.output,
      expected.outputBound,
      'bool',
    )
    await assertClose(
      ops.attentionWeights(tensor(q), tensor(k), asked),
      expected.weights,
      expected.weightBound,
      'bool',
    )
  }
})

test('key lengths, of each sequence or of all, with every restriction', async () => {
  const random = new Random(7)
  for (const keyLength of [[3, 7], [5], [0, 9], [9, 9]])
    for (const options of [{}, { causal: true }, { window: 2 }, { causal: true, window: 1 }])
      await check(random, [2, 2, 4, 9, 8, 8], { ...options, keyLength }, `keyLength ${keyLength}`)
})

test('a key length outside the keys is cut off', async () => {
  const random = new Random(8)
  const [q, k, v] = [random.numbers([1, 1, 2, 4]), random.numbers([1, 1, 5, 4]), random.numbers([1, 1, 5, 4])]
  for (const [given, meant] of [
    [1000, 5],
    [-3, 0],
  ] as const) {
    const expected = reference(q, k, v, { keyLength: [meant] })
    const length = Tensor.from([given], [1], 'int32')
    const output = ops.attention(tensor(q), tensor(k), tensor(v), { keyLength: length })
    await assertClose(output, expected.output, expected.outputBound, `keyLength ${given}`)
  }
})

test('a query without unmasked keys gives zeros, and so do no keys', async () => {
  const random = new Random(9)
  const [q, k, v] = [random.numbers([1, 1, 3, 4]), random.numbers([1, 1, 5, 4]), random.numbers([1, 1, 5, 2])]
  const mask = Tensor.from([true, false, true], [3, 1])
  const [first, second] = (await ops.attention(tensor(q), tensor(k), tensor(v), { mask }).toArray())[0]![0]!
  assert.equal(second, [0, 0])
  assert.ok(first!.some((value) => value !== 0))
  const none = ops.attention(tensor(q), Tensor.zeros([1, 1, 0, 4]), Tensor.zeros([1, 1, 0, 2]))
  await assertSame(none, nd([1, 1, 3, 2], [0, 0, 0, 0, 0, 0]), 'no keys')
  await assertSame(
    ops.attentionWeights(tensor(q), Tensor.zeros([1, 1, 0, 4])),
    nd([1, 1, 3, 0], []),
    'no weights',
  )
  const nobody = ops.attention(
    Tensor.zeros([0, 2, 3, 4]),
    Tensor.zeros([0, 2, 5, 4]),
    Tensor.zeros([0, 2, 5, 4]),
  )
  await assertSame(nobody, nd([0, 2, 3, 4], []), 'no batch')
})

test('NaN in a query stays in its row; NaN in a hidden key does no harm', async () => {
  const random = new Random(10)
  const q = fill([1, 1, 3, 4], ([, , i, d]) => (i === 1 && d === 2 ? NaN : random.number()))
  const k = fill([1, 1, 5, 4], ([, , j]) => (j === 4 ? NaN : random.number()))
  const v = fill([1, 1, 5, 2], ([, , j]) => (j === 4 ? NaN : random.number()))
  const rows = (
    await ops
      .attention(tensor(q), tensor(k), tensor(v), { keyLength: Tensor.from([4], [1], 'int32') })
      .toArray()
  )[0]![0]!
  assert.equal(
    rows.map((row) => row.map(Number.isNaN)),
    [
      [false, false],
      [true, true],
      [false, false],
    ],
  )
})

test('heads read in place: views of one q.k.v matrix', async () => {
  const random = new Random(11)
  const [B, N, H, D] = [2, 9, 3, 8]
  const qkv = random.numbers([B, N, 3 * H * D])
  const part = (index: number) =>
    fill([B, H, N, D], ([b, h, n, d]) => at(qkv, [b!, n!, index * H * D + h! * D + d!]))
  const heads = ops
    .split(tensor(qkv), [H * D, H * D, H * D])
    .map((x) => ops.permute(ops.reshape(x, [B, N, H, D]), [0, 2, 1, 3]))
  const expected = reference(part(0), part(1), part(2), { causal: true })
  const output = ops.attention(heads[0]!, heads[1]!, heads[2]!, { causal: true })
  const merged = ops.reshape(ops.permute(output, [0, 2, 1, 3]), [B, N, H * D])
  const place = ([b, n, c]: readonly number[]) => [b!, Math.floor(c! / D), n!, c! % D]
  const bound = fill([B, N, H * D], (p) => at(expected.outputBound, place(p)))
  await assertClose(
    merged,
    fill([B, N, H * D], (p) => at(expected.output, place(p))),
    bound,
    'heads',
  )
})

test('wrong arguments of attention', async () => {
  const [q, k] = [Tensor.zeros([1, 2, 3, 4] as number[]), Tensor.zeros([1, 2, 5, 4] as number[])]
  const { attention } = ops
  const other = (shape: number[]) => Tensor.zeros(shape)
  await rejects(
    () => attention(q, other([1, 2, 5, 6]), k),
    'SHAPE_MISMATCH',
    /k: expected batch, heads and width of q \[1, 2, 3, 4\], got \[1, 2, 5, 6\]/,
  )
  await rejects(() => attention(q, other([2, 2, 5, 4]), k), 'SHAPE_MISMATCH', /attention: k: expected/)
  await rejects(
    () => attention(q, k, other([1, 2, 6, 4])),
    'SHAPE_MISMATCH',
    /v: expected batch, heads and keys of k .* got \[1, 2, 6, 4\]/,
  )
  await rejects(() => attention(q, k, other([5, 4])), 'SHAPE_MISMATCH', /attention: v: expected rank 4/)
  await rejects(() => attention(other([3, 4]), k, k), 'SHAPE_MISMATCH', /attention: q: expected rank 4/)
  await rejects(
    () => attention(other([1, 1, 2, 0]), other([1, 1, 2, 0]), other([1, 1, 2, 1])),
    'SHAPE_MISMATCH',
    /heads of width 1 or more/,
  )
  await rejects(() => attention(q, k, k, { scale: Infinity }), 'OPTION_INVALID', /scale: .* got Infinity/)
  await rejects(() => attention(q, k, k, { window: 0 }), 'OPTION_INVALID', /window: .* got 0/)
  await rejects(() => attention(q, k, k, { mask: other([3, 4]) }), 'SHAPE_MISMATCH', /attention: mask/)
  await rejects(
    () => attention(q, k, k, { mask: other([1, 1, 1, 3, 5]) }),
    'SHAPE_MISMATCH',
    /attention: mask: .* got \[1, 1, 1, 3, 5\]/,
  )
  const ints = Tensor.zeros([3, 5], 'int32')
  await rejects(
    () => attention(q, k, k, { mask: ints as unknown as ops.FloatTensor }),
    'DTYPE_MISMATCH',
    /mask: expected bool or float32/,
  )
  const lengths = Tensor.from([1, 2], [2], 'int32')
  await rejects(
    () => attention(q, k, k, { keyLength: lengths }),
    'SHAPE_MISMATCH',
    /keyLength: .* broadcasts to \[1\], got \[2\]|keyLength/,
  )
  const floats = Tensor.from([1]) as unknown as Tensor<'int32'>
  await rejects(
    () => attention(q, k, k, { keyLength: floats }),
    'DTYPE_MISMATCH',
    /keyLength: expected int32/,
  )
  for (const rows of [
    { start: -1, end: 2 },
    { start: 0, end: 4 },
    { start: 2, end: 1 },
    { start: 0.5, end: 1 },
  ])
    await rejects(
      () => ops.attentionWeights(q, k, { rows }),
      'INDEX_OUT_OF_RANGE',
      /rows: expected a range within the 3 queries/,
    )
})

test.run()
