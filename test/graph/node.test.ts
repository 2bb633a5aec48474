import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { UnaryKind } from '../../lib/graph/kinds.js'
import { GraphNode, type Node, type Source } from '../../lib/graph/node.js'
import { structureKey, topologicalOrder } from '../../lib/graph/structure.js'

const source = (key: string): Source => ({ key, disposed: false })
const data = (shape: readonly number[] = [2]) =>
  new GraphNode('data', [], { dtype: 'float32', shape }, source('data'))
const constant = (key: string) => new GraphNode('constant', [], { dtype: 'float32', shape: [2] }, source(key))
const unary = (kind: UnaryKind, x: Node, parameter = 0) => new GraphNode('unary', [x], { kind, parameter })
const neg = (x: Node) => unary('negate', x)
const add = (a: Node, b: Node) => new GraphNode('binary', [a, b], { kind: 'add' })
const pad = (before: number) =>
  new GraphNode('pad', [data([2, 3])], { before: [1, before], after: [0, 0], value: 0 })

const keyOf = (...roots: Node[]) => structureKey(topologicalOrder(roots), roots)

test('each node comes once, after its inputs', () => {
  const x = data()
  const a = neg(x)
  const b = new GraphNode('where', [a, a, x], {})
  const c = add(b, a)
  const order = topologicalOrder([c, b])
  assert.equal(
    order.map(({ op }) => op),
    ['data', 'unary', 'where', 'binary'],
  )
})

test('a graph deeper than any call stack', () => {
  let node: Node = data()
  for (let i = 0; i < 200000; i++) node = neg(node)
  assert.is(topologicalOrder([node]).length, 200001)
})

test('a computed node is a leaf, and releases its inputs', () => {
  const [x, y] = [data([2, 3]), data([2, 3])]
  const sum: Node = add(x, y)
  const root = neg(sum)
  const before = sum.signature
  sum.settle(source('sum'))
  assert.equal([sum.op, sum.dtype, sum.shape], ['data', 'float32', [2, 3]])
  assert.equal(sum.inputs, [])
  assert.is.not(sum.signature, before)
  assert.equal(
    topologicalOrder([root]).map((node) => node),
    [sum, root],
  )
  assert.is(keyOf(root), keyOf(neg(data([2, 3]))), 'it is data like any other')
})

test('a shape cannot be changed', () => {
  const { shape } = data([2, 3])
  assert.throws(() => Array.prototype.push.call(shape, 4), /not extensible/)
})

test('a node with the same inputs is itself; one with others, or other parameters, is another', () => {
  const [x, y] = [data(), data([3])]
  const node = unary('elu', x, 2)
  assert.is(node.withInputs([x]), node)
  const other = node.withInputs([y])
  assert.equal([other.op, other.parameters, other.shape], ['unary', node.parameters, [3]])
  const changed = node.withParameters([x], { kind: 'gelu' })
  assert.equal(changed.parameters, { kind: 'gelu', parameter: 2 })
  assert.is(node.parameters.kind, 'elu')
})

test('keys are equal for equal structures only', () => {
  const graphs: (() => Node)[] = [
    () => add(data(), data()),
    () => {
      const x = data()
      return add(x, x)
    },
    () => new GraphNode('binary', [data(), data()], { kind: 'subtract' }),
    () => add(data([2, 1]), data()),
    () => add(data(), constant('w')),
    () => add(data(), constant('v')),
    () => add(constant('w'), data()),
    () => add(neg(data()), data()),
    () => add(data(), neg(data())),
    ...[0, -0, 1, NaN, Infinity, -Infinity].map((slope) => () => unary('leakyRelu', data(), slope)),
    () => unary('elu', data()),
    ...[0, -0, 1, NaN].map((before) => () => pad(before)),
    () => new GraphNode('softmax', [data()], { logarithm: true }),
    () => new GraphNode('softmax', [data()], { logarithm: false }),
    () => new GraphNode('copy', [data()], { dtype: 'int32' }),
    () => new GraphNode('copy', [data()], { dtype: 'uint8' }),
  ]
  const keys = graphs.map((graph) => keyOf(graph()))
  assert.equal(
    keys,
    graphs.map((graph) => keyOf(graph())),
  )
  assert.is(new Set(keys).size, keys.length)
  const x = data()
  const [a, b] = [neg(x), unary('relu', x)]
  assert.is.not(keyOf(a, b), keyOf(b, a), 'the order of the roots')
  assert.is.not(keyOf(a, b), keyOf(a), 'their number')
})

test('the type of what is read is part of the key', () => {
  const float = new GraphNode('data', [], { dtype: 'float32', shape: [2] }, source('x'))
  const int = new GraphNode('data', [], { dtype: 'int32', shape: [2] }, source('x'))
  const cast = (x: Node) => new GraphNode('copy', [x], { dtype: 'bool' })
  assert.is.not(keyOf(cast(float)), keyOf(cast(int)))
})

test.run()
