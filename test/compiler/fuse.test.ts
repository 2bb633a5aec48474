import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as ops from '../../lib/ops/index.js'
import { data, instructionsOf, namesOf, target, weight } from './target.js'

const x = data([2, 5, 16])
const w = weight([8, 16])
const b = weight([8])
const linear = () => ops.linear(x, w, b)

/** The operands that are there, of an instruction. */
const operands = (instruction: { readonly views: readonly unknown[] }) =>
  instruction.views.map((view) => view !== undefined)

test('a linear layer with activation and residual is one instruction', () => {
  const all = ops.add(data([2, 5, 8]), ops.gelu(linear()))
  const [gemm, ...rest] = instructionsOf(all)
  assert.equal(rest, [])
  assert.is(gemm!.op, 'gemm')
  // Output, a, b, bias, residual.
  assert.equal(operands(gemm!), [true, true, true, true, true])
  const [k, n, batches, activation, , scale] = gemm!.attributes
  assert.equal([k, n, batches, scale], [16, 8, 1, 1])
  assert.is(activation, target.unary('gelu'))
})

test('what is asked for, or read twice, stays an instruction of its own', () => {
  const first = linear()
  const active = ops.gelu(first)
  assert.equal(namesOf(active, first), ['gemm', 'unary'])
  assert.equal(namesOf(ops.add(active, first)), ['gemm', 'unary', 'binary'])
  const sum = ops.add(data([2, 5, 8]), active)
  assert.equal(namesOf(sum, active), ['gemm', 'binary'])
})

test('no activation after a residual, and none with a parameter', () => {
  const sum = ops.add(linear(), data([2, 5, 8]))
  assert.equal(namesOf(ops.relu(sum)), ['gemm', 'unary'])
  assert.equal(namesOf(ops.leakyRelu(linear())), ['gemm', 'unary'])
  assert.equal(namesOf(ops.relu(ops.relu(linear()))), ['gemm', 'unary'])
})

test('an operand that is broadcast is no residual', () => {
  assert.equal(namesOf(ops.add(linear(), 1)), ['gemm', 'binary'])
  assert.equal(namesOf(ops.add(linear(), data([5, 1]))), ['gemm', 'binary'])
  assert.equal(namesOf(ops.add(linear(), weight([1, 5, 8]))), ['gemm', 'binary'])
})

test('reshapes between a product and its epilogue are seen through', () => {
  const flat = ops.reshape(linear(), [10, 8])
  assert.equal(namesOf(ops.add(ops.silu(flat), data([10, 8]))), ['gemm'])
  const permuted = ops.permute(linear(), [1, 0, 2])
  assert.equal(namesOf(ops.silu(permuted)), ['gemm', 'unary'])
})

test('a reshape of a product that has other readers does not make it run twice', () => {
  const product = ops.matmul(data([1, 5, 16]), weight([16, 8]))
  const flat = ops.relu(ops.reshape(product, [5, 8]))
  assert.equal(namesOf(flat, product), ['gemm', 'unary'])
})

test('layer scale goes into the weights', () => {
  const scaled = ops.mul(linear(), weight([8]))
  assert.equal(namesOf(ops.add(scaled, data([2, 5, 8]))), ['gemm'])
  assert.equal(namesOf(ops.mul(weight([8]), linear())), ['gemm'])
  assert.equal(namesOf(ops.mul(linear(), data([8]))), ['gemm', 'binary'], 'not what is given at a run')
  assert.equal(namesOf(ops.mul(linear(), weight([5, 1]))), ['gemm', 'binary'], 'not a scale of rows')
  assert.equal(
    namesOf(ops.mul(ops.relu(linear()), weight([8]))),
    ['gemm', 'binary'],
    'not after an activation',
  )
  const product = ops.matmul(x, ops.transpose(data([8, 16])))
  assert.equal(namesOf(ops.mul(product, weight([8]))), ['pack', 'gemm', 'binary'], 'not without a weight')
})

test('convolutions become what they are', () => {
  const images = data([2, 8, 8, 4])
  const bias = weight([8])
  const conv = (filters: ops.FloatTensor, options: ops.ConvolutionOptions, c?: ops.FloatTensor) =>
    namesOf(ops.relu(ops.conv2d(images, filters, c, options)))
  assert.equal(conv(weight([8, 4, 3, 3]), { padding: 1 }, bias), ['convolution'])
  assert.equal(conv(weight([8, 1, 3, 3]), { groups: 4 }, bias), ['convolution'], 'two outputs a channel')
  assert.equal(conv(weight([4, 1, 3, 3]), { groups: 4 }, weight([4])), ['depthwise'])
  // Patches are copied to rows; those of one pixel are rows already.
  assert.equal(conv(weight([8, 4, 4, 4]), { stride: 4 }, bias), ['copy', 'gemm'])
  assert.equal(conv(weight([8, 4, 1, 1]), {}, bias), ['gemm'])
  assert.equal(conv(weight([8, 4, 3, 3]), { stride: 3, padding: 1 }, bias), ['convolution'])
  assert.equal(conv(weight([8, 4, 2, 2]), { stride: 2, dilation: 2 }, bias), ['convolution'])
})

test('a depthwise convolution takes no residual', () => {
  const depthwise = ops.conv2d(data([1, 8, 8, 4]), weight([4, 1, 3, 3]), weight([4]), {
    groups: 4,
    padding: 1,
  })
  assert.equal(namesOf(ops.add(ops.gelu(depthwise), data([1, 8, 8, 4]))), ['depthwise', 'binary'])
})

test('batches of matrices on both sides are one instruction', () => {
  const product = ops.matmul(data([3, 1, 4, 6]), data([2, 6, 5]))
  const instructions = instructionsOf(product)
  assert.equal(
    instructions.map(({ op }) => op).filter((op) => op !== 'copy'),
    ['pack', 'gemm'],
  )
  assert.equal(instructions.at(-1)!.attributes.slice(0, 3), [6, 5, 6])
})

test('a transformer layer takes seven instructions', () => {
  const [width, places, heads] = [32, 7, 4]
  const tokens = data([2, places, width])
  const norm = (t: ops.FloatTensor) => ops.layerNorm(t, weight([width]), weight([width]))
  const dense = (t: ops.FloatTensor, outputs: number) =>
    ops.linear(t, weight([outputs, t.shape[2]!]), weight([outputs]))
  const split = (t: ops.FloatTensor) =>
    ops.permute(ops.reshape(t, [2, places, heads, width / heads]), [0, 2, 1, 3])
  const [q, k, v] = ops.split(dense(norm(tokens), 3 * width), [width, width, width])
  const attended = ops.permute(ops.attention(split(q), split(k), split(v)), [0, 2, 1, 3])
  const first = ops.add(tokens, dense(ops.reshape(attended, [2, places, width]), width))
  const second = ops.add(first, dense(ops.gelu(dense(norm(first), 4 * width)), width))
  assert.equal(namesOf(second), ['norm', 'gemm', 'attention', 'gemm', 'norm', 'gemm', 'gemm'])
})

test.run()
