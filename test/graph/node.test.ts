import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Node, type Source, structureKey, topologicalOrder } from '../../lib/graph/node.js'

const source = (key: string): Source => ({ key, disposed: false })
const data = (shape: readonly number[] = [2]) =>
  new Node('data', 'float32', shape, [], undefined, source('data'))
const constant = (key: string) => new Node('constant', 'float32', [2], [], undefined, source(key))
const op = (name: string, inputs: readonly Node[], attributes?: Record<string, number | string | number[]>) =>
  new Node(name, 'float32', [2], inputs, attributes)

const keyOf = (...roots: Node[]) => structureKey(topologicalOrder(roots), roots)

test('each node comes once, after its inputs', () => {
  const x = data()
  const a = op('a', [x])
  const b = op('b', [a, a, x])
  const c = op('c', [b, a])
  const order = topologicalOrder([c, b])
  assert.equal(
    order.map(({ op: name }) => name),
    ['data', 'a', 'b', 'c'],
  )
})

test('a graph deeper than any call stack', () => {
  let node = data()
  for (let i = 0; i < 200000; i++) node = op('step', [node])
  assert.is(topologicalOrder([node]).length, 200001)
})

test('a computed node is a leaf, and lets go of what it was made from', () => {
  const [x, y] = [data(), data()]
  const sum = op('add', [x, y])
  const root = op('neg', [sum])
  sum.settle(source('sum'))
  assert.equal(sum.inputs, [])
  assert.equal(
    topologicalOrder([root]).map((node) => node),
    [sum, root],
  )
  assert.is(keyOf(root), keyOf(op('neg', [data()])), 'it is data like any other')
})

test('a shape cannot be changed', () => {
  assert.throws(() => (data([2, 3]).shape as number[]).push(4), /not extensible/)
})

test('keys are equal for equal structures only', () => {
  const graphs = [
    () => op('add', [data(), data()]),
    () => {
      const x = data()
      return op('add', [x, x])
    },
    () => op('sub', [data(), data()]),
    () => op('add', [data([2, 1]), data()]),
    () => op('add', [data(), constant('w')]),
    () => op('add', [data(), constant('v')]),
    () => op('add', [constant('w'), data()]),
    () => op('add', [op('neg', [data()]), data()]),
    () => op('add', [data(), op('neg', [data()])]),
    () => op('unary', [data()], { p: 0 }),
    () => op('unary', [data()], { p: -0 }),
    () => op('unary', [data()], { p: NaN }),
    () => op('unary', [data()], { p: Infinity }),
    () => op('unary', [data()], { p: -Infinity }),
    () => op('unary', [data()], { p: [1, -0] }),
    () => op('unary', [data()], { p: [1, 0] }),
    () => op('unary', [data()], { p: [1, NaN] }),
    () => op('unary', [data()], { q: 0 }),
    () => op('unary', [data()], { p: 'x' }),
  ]
  const keys = graphs.map((graph) => keyOf(graph()))
  assert.equal(
    keys,
    graphs.map((graph) => keyOf(graph())),
  )
  assert.is(new Set(keys).size, keys.length)
  const x = data()
  const [a, b] = [op('a', [x]), op('b', [x])]
  assert.is.not(keyOf(a, b), keyOf(b, a), 'the order of the roots')
  assert.is.not(keyOf(a, b), keyOf(a), 'their number')
})

test('the type of what is read is part of the key', () => {
  const float = new Node('data', 'float32', [2], [], undefined, source('x'))
  const int = new Node('data', 'int32', [2], [], undefined, source('x'))
  assert.is.not(keyOf(op('cast', [float])), keyOf(op('cast', [int])))
})

test.run()
