// Which data type each node gets on a machine that computes in 16 bits, and where conversions are.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseDTypes } from '../../lib/compiler/dtype.js'
import { fold } from '../../lib/compiler/fold.js'
import { fuse } from '../../lib/compiler/fuse.js'
import { Graph } from '../../lib/compiler/graph.js'
import { lower } from '../../lib/compiler/lower.js'
import { packedPrecision } from '../../lib/compiler/packing.js'
import type { Target } from '../../lib/compiler/target.js'
import type { Precision } from '../../lib/graph/kinds.js'
import type { Node } from '../../lib/graph/node.js'
import type { OpName } from '../../lib/graph/ops.js'
import { topologicalOrder } from '../../lib/graph/structure.js'
import * as ops from '../../lib/ops/index.js'
import type { Tensor } from '../../lib/tensor/tensor.js'
import { data, narrowTarget, target, weight } from './target.js'

const narrow = narrowTarget()
const [width, heads, places] = [64, 4, 7]

/** Nodes of a typed graph, after folding: what a run computes. */
function typed(
  tensors: readonly Tensor[],
  precision: Precision = 'bfloat16',
  machine: Target = narrow,
): Node[] {
  const roots = chooseDTypes(fuse(new Graph(tensors.map(({ node }) => node))), machine, precision)
  return topologicalOrder(fold(roots, 'salt').roots)
}

/** Op and type of the nodes that compute or convert something, in order. */
function typesOf(nodes: readonly Node[], ...of: readonly OpName[]): string[] {
  const silent: readonly OpName[] = [
    'data',
    'constant',
    'packed',
    'reshape',
    'permute',
    'expand',
    'slice',
    'fill',
  ]
  const shown = nodes.filter(({ op }) => (of.length > 0 ? of.includes(op) : !silent.includes(op)))
  return shown.map(({ op, dtype }) => `${op} ${dtype}`)
}

const linear = (x: ops.FloatTensor, outputs: number) =>
  ops.linear(x, weight([outputs, x.shape.at(-1)!]), weight([outputs]))
const norm = (x: ops.FloatTensor) => ops.layerNorm(x, weight([width]), weight([width]))
const split = (x: ops.FloatTensor): ops.FloatTensor =>
  ops.permute(ops.reshape(x, [2, places, heads, width / heads]), [0, 2, 1, 3])

/** A pre-norm layer of a Transformer. */
function layer(x: ops.FloatTensor, mask?: Tensor<'float32'>): ops.FloatTensor {
  const [q, k, v] = ops.split(linear(norm(x), 3 * width), [width, width, width])
  const attended = ops.permute(ops.attention(split(q), split(k), split(v), { mask }), [0, 2, 1, 3])
  const first = ops.add(x, linear(ops.reshape(attended, [2, places, width]), width))
  return ops.add(first, linear(ops.gelu(linear(norm(first), 4 * width)), width))
}

for (const dtype of ['bfloat16', 'float16'] as const)
  test(`${dtype}: a model is converted where it begins and where it ends`, () => {
    const pixels = data([2, places, 48])
    const patches = ops.add(linear(pixels, width), weight([places, width]))
    const logits = linear(norm(layer(layer(patches))), 10)
    const nodes = typed([logits], dtype)
    const [first, ...rest] = typesOf(nodes)
    assert.is(first, `copy ${dtype}`, 'the pixels')
    assert.is(rest.pop(), 'copy float32', 'the logits')
    assert.equal(
      new Set(rest),
      new Set(['gemm', 'binary', 'norm', 'attention'].map((op) => `${op} ${dtype}`)),
    )
    const weights = nodes.filter(({ op }) => op === 'packed').map(packedPrecision)
    assert.equal(new Set(weights), new Set([dtype]))
  })

test('a machine that computes in float32 alone stores weights narrow, and converts nothing', () => {
  const nodes = typed([linear(layer(data([2, places, width])), 10)], 'bfloat16', target)
  assert.ok(typesOf(nodes).every((text) => /^(norm|gemm|attention) float32$/.test(text)))
  assert.ok(nodes.every((node) => (packedPrecision(node) ?? 'bfloat16') === 'bfloat16'))
})

test('float32 and int8 ask for no other activations', () => {
  for (const precision of ['float32', 'int8'] as const) {
    const nodes = typed([linear(layer(data([2, places, width])), 10)], precision)
    assert.ok(nodes.every(({ op, dtype }) => op === 'quantize' || dtype === 'float32'))
  }
})

test('biases, masks and weights of norms stay float32; residuals have the type of the sum', () => {
  const nodes = typed([layer(data([2, places, width]), weight([places, places]))])
  const inputTypes = (wanted: OpName) =>
    nodes.filter(({ op }) => op === wanted).map(({ inputs }) => inputs.map(({ dtype }) => dtype))
  // Rows, weight, bias.
  assert.equal(inputTypes('norm')[1], ['bfloat16', 'float32', 'float32'])
  assert.equal(inputTypes('attention'), [['bfloat16', 'bfloat16', 'bfloat16', 'float32']])
  // Rows, packed weights, bias; and a residual.
  assert.equal(inputTypes('gemm')[0], ['bfloat16', 'float32', 'float32'])
  assert.equal(inputTypes('gemm')[1], ['bfloat16', 'float32', 'float32', 'bfloat16'])
})

test('what the data is made of follows: float32 up to the first product', () => {
  const ids = data([2, places], 'int64')
  const embedded = ops.add(ops.gather(weight([100, width]), ids), weight([places, width]))
  const nodes = typed([layer(norm(embedded))])
  assert.equal(typesOf(nodes).slice(0, 7), [
    'copy int32',
    'gather float32',
    'binary float32',
    'norm float32',
    // The first layer's norm, and its products.
    'norm float32',
    'copy bfloat16',
    'gemm bfloat16',
  ])
  // The rows that the norm read are a residual, too: they are converted once.
  assert.is(typesOf(nodes, 'copy').filter((text) => text === 'copy bfloat16').length, 2)
})

test('positions are computed in float32, and converted where they meet features', () => {
  const angles = ops.mul(ops.cast(data([places], 'int32'), 'float32'), 0.01)
  const turned = ops.mul(linear(data([places, width]), places), ops.cos(angles))
  assert.equal(typesOf(typed([turned])), [
    ...['copy bfloat16', 'gemm bfloat16', 'copy float32', 'binary float32', 'unary float32'],
    ...['copy bfloat16', 'binary bfloat16', 'copy float32'],
  ])
})

test('a softmax, and weights of attention to look at, are float32 by their rule', () => {
  const [q, k] = [split(linear(data([2, places, 9]), width)), split(linear(data([2, places, 9]), width))]
  const scores = ops.matmul(q, ops.transpose(k))
  const mixed = ops.matmul(ops.softmax(scores), k)
  assert.equal(typesOf(typed([mixed]), 'gemm', 'softmax', 'copy').slice(4), [
    ...['gemm bfloat16', 'copy float32', 'softmax float32', 'copy bfloat16', 'gemm bfloat16'],
    'copy float32',
  ])
  const weights = typed([ops.attentionWeights(q, k)]).at(-1)!
  assert.equal(
    [weights, ...weights.inputs].map(({ dtype }) => dtype),
    ['float32', 'float32', 'float32'],
  )
})

test('weights that come at a run are packed in the type of what they meet', () => {
  const product = ops.matmul(linear(data([3, 5]), 6), data([6, 4]))
  const pack = (machine: Target) => typed([product], 'bfloat16', machine).find(({ op }) => op === 'pack')
  assert.is(packedPrecision(pack(narrow)!), 'bfloat16')
  assert.is(packedPrecision(pack(target)!), 'float32')
})

test('constants are computed in float32, and converted once, before any run', () => {
  const table = ops.sin(ops.mul(weight([places, width]), weight([width])))
  const features = linear(data([places, width]), width)
  const last: ops.FloatTensor = weight([1, width])
  const joined = ops.concat([ops.mul(ops.relu(features), table), last])
  const nodes = typed([joined])
  assert.equal(typesOf(nodes), [
    ...['copy bfloat16', 'gemm bfloat16', 'binary bfloat16', 'concat bfloat16', 'copy float32'],
  ])
  const constants = nodes.filter(({ op }) => op === 'constant').map(({ dtype }) => dtype)
  assert.equal(constants.sort(), ['bfloat16', 'bfloat16', 'float32'], 'the bias alone is float32')
})

test('where a machine lacks an op in 16 bits it is float32, between two conversions', () => {
  const features = linear(data([places, width]), width)
  const nodes = typed([linear(norm(features), 3)], 'bfloat16', narrowTarget('norm'))
  assert.equal(typesOf(nodes), [
    ...['copy bfloat16', 'gemm bfloat16', 'copy float32', 'norm float32', 'copy bfloat16'],
    ...['gemm bfloat16', 'copy float32'],
  ])
  const without = typed([linear(ops.relu(linear(data([5, 6]), 7)), 3)], 'float16', narrowTarget('gemm'))
  assert.equal(typesOf(without), ['gemm float32', 'gemm float32'])
})

test('convolutions, pools and reductions', () => {
  const images = data([2, 8, 8, 4])
  const same = { padding: 1 }
  const wide = ops.conv2d(images, weight([8, 4, 3, 3]), weight([8]), same)
  const deep = ops.conv2d(wide, weight([8, 1, 3, 3]), weight([8]), { ...same, groups: 8 })
  const pooled = ops.maxPool2d(deep, { kernel: 2 })
  const nodes = typed([ops.mean(pooled, [1, 2]), ops.argmax(ops.reshape(pooled, [-1]))], 'float16')
  assert.equal(typesOf(nodes), [
    ...['copy float16', 'convolution float16', 'depthwise float16', 'pool float16'],
    ...['reduce float16', 'copy float32', 'reduce int32'],
  ])
  const depthwise = nodes.find(({ op }) => op === 'depthwise')!
  assert.equal(
    depthwise.inputs.map(({ dtype }) => dtype),
    ['float16', 'float32', 'float32'],
  )
})

test('integers, booleans and what the user has converted stay as they are', () => {
  const features = linear(data([places, width]), width)
  const positive = ops.greater(features, 0)
  const rounded = ops.cast(ops.cast(data([places, width]), 'float16'), 'float32')
  const chosen = ops.where(positive, features, rounded)
  const counts = ops.add(ops.cast(positive, 'int32'), 1)
  const nodes = typed([positive, chosen, counts, ops.cast(features, 'float16')])
  const types = typesOf(nodes)
  assert.equal(types.slice(0, 3), ['copy bfloat16', 'gemm bfloat16', 'binary bool'])
  assert.equal(types.slice(3), [
    ...['copy float16', 'copy float32', 'copy bfloat16', 'where bfloat16', 'copy float32'],
    ...['copy int32', 'binary int32', 'copy float16'],
  ])
  const compared = nodes.find((node) => node.op === 'binary' && node.dtype === 'bool')!
  assert.equal(
    compared.inputs.map(({ dtype }) => dtype),
    ['bfloat16', 'bfloat16'],
  )
})

test('a table in the asked type is read without a detour through float32', () => {
  const rows = ops.cast(ops.gather(weight([100, width], 'bfloat16'), data([places], 'int32')), 'float32')
  assert.equal(typesOf(typed([linear(rows, 3)])), ['gather bfloat16', 'gemm bfloat16', 'copy float32'])
  // Back to float32 is not without a change.
  const narrowed = ops.cast(linear(data([places, width]), width), 'bfloat16')
  const exact = ops.softmax(ops.cast(narrowed, 'float32'))
  assert.equal(typesOf(typed([exact], 'float16')), [
    ...['copy float16', 'gemm float16', 'copy bfloat16', 'copy float32', 'softmax float32'],
  ])
})

test('a cache that is written in place keeps its type', () => {
  const cache = data([2, heads, 16, width / heads])
  const keys = split(linear(data([2, places, width]), width))
  const next = ops.update(cache, keys, data([1], 'int32'))
  const nodes = typed([next])
  assert.equal(typesOf(nodes), ['copy bfloat16', 'gemm bfloat16', 'copy float32', 'update float32'])
})

test('instructions have views of the chosen types', () => {
  const rows = linear(data([2, places, width]), width)
  const roots = chooseDTypes(fuse(new Graph([layer(rows).node])), narrow, 'bfloat16')
  const { instructions, values } = lower(fold(roots, 'salt').roots, narrow)
  const typesIn = (wanted: OpName) =>
    instructions.filter(({ op }) => op === wanted).map(({ views }) => views.map((view) => view?.dtype))
  assert.equal(typesIn('gemm')[2], ['bfloat16', 'bfloat16', 'packed', 'float32', 'bfloat16'])
  assert.equal(typesIn('attention')[0]!.slice(0, 4), ['bfloat16', 'bfloat16', 'bfloat16', 'bfloat16'])
  const activations = values.filter(({ kind }) => kind === 'arena').map(({ bytes }) => bytes)
  assert.ok(activations.includes(2 * places * width * 2), 'two bytes a number')
  assert.not(activations.includes(2 * places * width * 4))
})

test('quantised rows have the size that the target says', () => {
  const inner = linear(ops.relu(linear(data([3, 5, 100]), 100)), 100)
  const roots = chooseDTypes(fuse(new Graph([linear(inner, 100).node])), target, 'int8')
  const { instructions } = lower(fold(roots, 'salt').roots, target)
  const quantize = instructions.find(({ op }) => op === 'quantize')!
  assert.equal(quantize.views[0]!.shape, [1, 15, target.quantizedRowBytes(100)])
})

test.run()
