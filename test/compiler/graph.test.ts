import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Graph } from '../../lib/compiler/graph.js'
import { GraphNode, type Node } from '../../lib/graph/node.js'
import * as ops from '../../lib/ops/index.js'
import { constantFull } from '../../lib/tensor/constant.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { data, weight } from './target.js'

const neg = (x: Node) => new GraphNode('unary', [x], { kind: 'negate', parameter: 0 })

test('constants are found through every op, and data through any', () => {
  const [w, x] = [weight([4, 4]), data([4, 4])]
  const constant = ops.matmul(ops.neg(w), w)
  const dynamic = ops.add(constant, x)
  const graph = new Graph([dynamic.node])
  assert.ok(graph.isConstant(w.node))
  assert.ok(graph.isConstant(constant.node))
  assert.not(graph.isConstant(dynamic.node))
  assert.not(graph.isConstant(x.node))
})

test('what ops fill is constant, what users fill is not', () => {
  const [ours, theirs] = [constantFull([2], 1, 'float32'), Tensor.ones([2])]
  const graph = new Graph([ops.neg(ours).node, ops.neg(theirs).node])
  assert.equal(
    graph.roots.map((root) => graph.isConstant(root)),
    [true, false],
  )
})

test('each reader counts, roots among them', () => {
  const x = data([2])
  const y = ops.neg(x)
  const z = ops.add(ops.mul(y, y), x)
  const graph = new Graph([z.node, y.node])
  assert.equal(
    [x, y, z].map(({ node }) => graph.uses(node)),
    [2, 3, 1],
  )
  assert.is(graph.uses(data([2]).node), 0)
})

test('nodes are made anew after their inputs, and are constant if what they were made from is', () => {
  const [x, w] = [data([2]), weight([2])]
  const root = ops.add(ops.neg(x), ops.neg(w)).node
  const graph = new Graph([root])
  const [made] = graph.rewrite((node, inputs) =>
    node.op === 'unary' ? node.withParameters(inputs, { kind: 'exp' }) : node.withInputs(inputs),
  )
  assert.equal(
    made!.inputs.map((input) => input.op === 'unary' && input.parameters.kind),
    ['exp', 'exp'],
  )
  assert.is(graph.rewritten(root), made)
  assert.equal(
    made!.inputs.map((input) => graph.isConstant(input)),
    [false, true],
  )
  assert.ok(graph.isConstant(neg(made!.inputs[1]!)), 'a node that is made later')
  assert.is(new Graph([root]).rewrite((node, inputs) => node.withInputs(inputs))[0], root, 'nothing changed')
})

test('graphs deeper than any call stack are rewritten', () => {
  for (const leaf of [data([2]).node, weight([2]).node]) {
    let node = leaf
    for (let i = 0; i < 100000; i++) node = neg(node)
    const graph = new Graph([node])
    const [made] = graph.rewrite((old, inputs) => (inputs.length > 0 ? neg(inputs[0]!) : old))
    assert.is(new Graph([made!]).order.length, 100001)
  }
})

test.run()
