import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { getRuntime } from '../../lib/runtime/runtime.js'
import { constantFrom, releaseConstant } from '../../lib/tensor/constant.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects } from '../support/errors.js'
import { counted } from './counted.js'

const { native } = getRuntime()

/** Numbers that make programs and folded constants of a test its own. */
let seed = 0
function weightOf(shape: readonly number[], values?: readonly number[]): ops.FloatTensor {
  const size = shape.reduce((a, b) => a * b, 1)
  const data = Float32Array.from(values ?? Array.from({ length: size }, (_, i) => Math.sin(i + ++seed)))
  return constantFrom(data, [...shape], 'float32')
}

test('a graph of a known structure is not compiled again', async () => {
  const w = weightOf([8, 5])
  const call = (x: Tensor<'float32', [3, 5]>) => ops.gelu(ops.linear(x, w)).data()
  const first = await counted(() => call(Tensor.zeros([3, 5])))
  // One for the weight's packing, one for the graph.
  assert.equal(first, { programs: 2, constants: 1 })
  const again = await counted(() => call(Tensor.from(new Float32Array(15), [3, 5])))
  assert.is(again.programs, 1, 'filled and given tensors differ in structure')
  for (let i = 0; i < 3; i++)
    assert.equal(await counted(() => call(Tensor.from(new Float32Array(15).fill(i), [3, 5]))), {
      programs: 0,
      constants: 0,
    })
})

test('a constant is folded once for all programs that use it', async () => {
  const w = weightOf([8, 5])
  const run = (rows: number, weight = w) =>
    counted(() => ops.linear(Tensor.from(new Float32Array(5 * rows), [rows, 5]), weight).data())
  assert.is((await run(2)).constants, 1)
  assert.equal(await run(3), { programs: 1, constants: 0 })
  const same = constantFrom(await ops.cast(w, 'float32').data(), [8, 5], 'float32')
  assert.equal(await run(4, same), { programs: 1, constants: 0 }, 'equal content')
  assert.is((await run(2, weightOf([8, 5]))).constants, 1, 'other content')
})

test('two programs that need a constant at once fold it once', async () => {
  const w = weightOf([64, 64])
  const call = (rows: number) => ops.linear(Tensor.from(new Float32Array(64 * rows), [rows, 64]), w).data()
  const counts = await counted(() => Promise.all([call(1), call(2), call(3), call(4)]))
  assert.equal(counts, { programs: 5, constants: 1 })
})

test('structures differ in type, shape, attributes, order, constants and precision', async () => {
  const [x, y] = [Tensor.from([1, 2, 3, 4], [2, 2]), Tensor.from([5, 6, 7, 8], [2, 2])]
  const w = weightOf([2, 2], [1, 2, 3, 4])
  const graphs: (() => Tensor)[] = [
    () => ops.sub(x, y),
    () => ops.sub(x, x),
    () => ops.sub(ops.reshape(x, [4]), ops.reshape(y, [4])),
    () => ops.add(x, y),
    () => ops.leakyRelu(x, 0.1),
    () => ops.leakyRelu(x, 0.2),
    () => ops.leakyRelu(x, 0),
    () => ops.leakyRelu(x, -0),
    () => ops.leakyRelu(x, Infinity),
    () => ops.sub(ops.neg(x), ops.neg(y)),
    () => ops.sub(ops.neg(x), y),
    () => ops.mul(x, w),
    () => ops.mul(x, weightOf([2, 2], [1, 2, 3, 5])),
    () => ops.mul(x, weightOf([2, 2], [1, 2, 3, 4])),
  ]
  const programs: number[] = []
  for (const graph of graphs) programs.push((await counted(() => graph().data())).programs)
  assert.ok(
    programs.slice(0, -1).every((count) => count >= 1),
    `compiled: ${programs}`,
  )
  assert.is(programs.at(-1), 0, 'equal constants')
  assert.equal(
    await ops.sub(y, x).toArray(),
    [
      [4, 4],
      [4, 4],
    ],
    'the order of leaves counts, not their names',
  )
  const product = () => ops.matmul(x, w)
  assert.is((await counted(() => product().data())).programs, 2)
  assert.is((await counted(() => product().data({ precision: 'bfloat16' }))).programs, 2)
  assert.is((await counted(() => product().data({ threads: 1 }))).programs, 0)
})

test('the least recently used programs go first, and are made again', async () => {
  const x = Tensor.from([1])
  const call = (i: number) => ops.leakyRelu(ops.neg(x), i / 1024).item()
  await call(0)
  for (let i = 1; i <= 600; i++) {
    await call(i)
    if (i % 100 === 0 && i < 600) await call(0)
  }
  assert.is((await counted(() => call(0))).programs, 0, 'one in use stays')
  assert.is((await counted(() => call(1))).programs, 1, 'the oldest has gone')
  assert.is(await call(1), -1 / 1024)
})

test('more programs at once than are kept', async () => {
  const x = Tensor.from([2])
  const results = await Promise.all(
    Array.from({ length: 700 }, (_, i) => ops.leakyRelu(ops.mul(x, -1), i / 4096).item()),
  )
  assert.equal(
    results,
    results.map((_, i) => (-2 * i) / 4096),
  )
})

test('a disposed constant takes its programs along', async () => {
  const w = weightOf([16, 16])
  const x = Tensor.from(new Float32Array(16), [1, 16])
  const before = native.info().memory.buffers
  await ops.linear(x, w).data()
  const lazy = ops.linear(x, w)
  releaseConstant(w)
  for (let i = 0; i < 200 && native.info().memory.buffers >= before; i++)
    await new Promise((resolve) => setTimeout(resolve, 5))
  assert.ok(native.info().memory.buffers < before, 'packed weights are gone')
  await rejects(() => lazy.data(), 'DISPOSED', /float32\[16, 16\] that this computation needs was disposed/)
})

test('a constant that is disposed while it is folded', async () => {
  for (const patience of [0, 1, 3]) {
    const before = native.info().memory.buffers
    const w = weightOf([512, 512])
    const running = ops.linear(Tensor.from(new Float32Array(512), [1, 512]), w).data()
    for (let i = 0; i < patience; i++) await new Promise((resolve) => setImmediate(resolve))
    releaseConstant(w)
    const [settled] = await Promise.allSettled([running])
    if (settled.status === 'rejected') assert.match(String(settled.reason), /disposed/)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const kept = native.info().memory.buffers - before
    assert.ok(kept < 512 * 512 * 4, `no program keeps the weights (${kept} bytes are left)`)
  }
})

test('a constant in the graph more than once, as it is and as views', async () => {
  const w = weightOf([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])
  const x = Tensor.from([1, 1, 1], [1, 3])
  const y = ops.add(ops.matmul(x, w), ops.matmul(x, ops.transpose(w)))
  const z = ops.add(y, ops.slice(w, { axis: 0, start: 1, end: 2 }))
  assert.equal(
    await z.toArray(),
    [[6 + 12 + 4, 15 + 15 + 5, 24 + 18 + 6]].map((row) => [row[0], row[1], row[2]]),
  )
})

/** Relative error of a product: of one rounding in float16, of two in bfloat16. */
const precisions = { bfloat16: 2 ** -8, float16: 2 ** -12 } as const

test('weights in half precision are off by a rounding each, those in bfloat16 with their operands', async () => {
  const [x, w] = [weightOf([7, 40]), weightOf([30, 40])]
  const input = Tensor.from(await ops.cast(x, 'float32').data(), [7, 40])
  const exact = await ops.linear(input, w).data()
  const magnitude = await ops.linear(ops.abs(input), ops.abs(w)).data()
  for (const [precision, relative] of Object.entries(precisions) as [keyof typeof precisions, number][]) {
    const rounded = await ops.linear(input, w).data({ precision })
    const worst = Math.max(...rounded.map((value, i) => Math.abs(value - exact[i]!) / magnitude[i]!))
    assert.ok(worst <= 1.01 * relative, `${precision}: ${worst}`)
    assert.ok(worst > relative / 100, `${precision} is exact: it was not used`)
  }
})

test('int8: weights are off by half a step of their column, activations by half a step of their row', async () => {
  // The first and the last product stay float32: here they change nothing.
  const width = 96
  const same = weightOf(
    [width, width],
    Array.from({ length: width ** 2 }, (_, i) => (i % (width + 1) ? 0 : 1)),
  )
  const w = weightOf([width, width])
  const input = Tensor.from(
    Float32Array.from({ length: 7 * width }, (_, i) => Math.cos(i)),
    [7, width],
  )
  const layers = () => [same, w, same].reduce((x: ops.FloatTensor, weight) => ops.linear(x, weight), input)
  const exact = await layers().data()
  const rounded = await layers().data({ precision: 'int8' })
  const steps = async (x: ops.FloatTensor) => await ops.div(ops.max(ops.abs(x), 1), 127).data()
  const sums = async (x: ops.FloatTensor) => await ops.sum(ops.abs(x), 1).data()
  const [rowSteps, columnSteps] = [await steps(input), await steps(w)]
  const [rowSums, columnSums] = [await sums(input), await sums(w)]
  rounded.forEach((value, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    const [a, b] = [rowSteps[row]!, columnSteps[column]!]
    const allowed = (rowSums[row]! * b + columnSums[column]! * a) / 2 + (width * a * b) / 4 + 1e-4
    assert.ok(Math.abs(value - exact[i]!) <= allowed, `${i}: off by ${value - exact[i]!}, allowed ${allowed}`)
  })
  assert.ok(
    rounded.some((value, i) => Math.abs(value - exact[i]!) > 1e-3),
    'int8 is exact: it was not used',
  )
})

test('a product of two results stays float32 in any precision', async () => {
  const [a, b] = [Tensor.from([1 + 2 ** -20, 2], [1, 2]), Tensor.from([1, 3, 5, 1 + 2 ** -20], [2, 2])]
  const exact = await ops.matmul(a, b).data()
  assert.equal(await ops.matmul(a, b).data({ precision: 'int8' }), exact)
})

test('computing constants alone', async () => {
  const [a, b] = [weightOf([2, 2], [1, 2, 3, 4]), weightOf([2, 2], [5, 6, 7, 8])]
  assert.equal(await ops.matmul(a, b).toArray(), [
    [19, 22],
    [43, 50],
  ])
  await evaluate([a, ops.neg(b)])
  assert.equal(await ops.transpose(a).toArray(), [
    [1, 3],
    [2, 4],
  ])
})

test.run()
