import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fold } from '../../lib/compiler/fold.js'
import { fuse } from '../../lib/compiler/fuse.js'
import { Graph } from '../../lib/compiler/graph.js'
import type { Node } from '../../lib/graph/node.js'
import { topologicalOrder } from '../../lib/graph/structure.js'
import * as ops from '../../lib/ops/index.js'
import { constantFull } from '../../lib/tensor/constant.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { data, namesOf, weight } from './target.js'

const folded = (...tensors: Tensor[]) => fold(fuse(new Graph(tensors.map(({ node }) => node))), 'salt')
const opsOf = (node: Node) => topologicalOrder([node]).map(({ op }) => op)

test('what depends on constants alone is computed beforehand', () => {
  const w = weight([8, 4], 'bfloat16')
  const product = ops.linear(data([3, 4]), ops.mul(ops.cast(w, 'float32'), 2))
  const { roots, folded: made } = folded(product)
  assert.is(made.length, 1)
  assert.equal(
    opsOf(made[0]!.node).filter((op) => !['reshape', 'permute', 'expand'].includes(op)),
    [...['constant', 'copy', 'fill', 'binary'], 'pack'],
  )
  assert.equal(opsOf(roots[0]!), ['data', 'reshape', 'packed', 'gemm', 'reshape'])
  assert.equal(namesOf(product), ['gemm'])
})

test('constants with equal content are folded once, others apart, and so for other machines', () => {
  const [w, v] = [weight([4, 4]), weight([4, 4])]
  const x = data([3, 4])
  const sum = ops.add(ops.linear(x, w), ops.linear(ops.neg(x), w))
  assert.is(folded(sum).folded.length, 1)
  const other = ops.add(ops.linear(x, w), ops.linear(x, v))
  const keys = folded(other).folded.map(({ source }) => source.key)
  assert.is(new Set(keys).size, 2)
  assert.equal(
    folded(ops.linear(data([9, 4]), w)).folded.map(({ source }) => source.key),
    folded(ops.linear(x, w)).folded.map(({ source }) => source.key),
    'whatever reads them',
  )
  const elsewhere = fold(fuse(new Graph([ops.linear(x, w).node])), 'pepper').folded[0]!.source.key
  assert.is.not(elsewhere, keys[0])
})

test('weights that are read as they are stay where they are', () => {
  const table = weight([100, 16])
  const { folded: made } = folded(ops.gather(table, data([3], 'int32')))
  assert.equal(made, [])
  const x = data([2, 16])
  assert.equal(folded(ops.add(x, weight([16]))).folded, [], 'broadcast')
  assert.equal(folded(ops.add(x, ops.slice(table, { axis: 0, start: 3, end: 5 }))).folded, [], 'some rows')
  assert.equal(folded(ops.layerNorm(x, weight([16]), weight([16]))).folded, [], 'in another shape')
})

test('weights whose elements lie apart are put in order once', () => {
  const x = data([16, 100])
  assert.is(folded(ops.add(x, ops.transpose(weight([100, 16])))).folded.length, 1)
  const flat = ops.reshape(ops.transpose(weight([100, 16])), [1600])
  assert.is(folded(ops.add(data([1600]), flat)).folded.length, 1)
})

test('a number is not repeated in memory', () => {
  const x = data([1000, 1000])
  const { folded: made } = folded(ops.mul(x, 0.5))
  assert.equal(
    made.map(({ node }) => node.shape),
    [[]],
  )
  const scaled = ops.add(x, ops.mul(weight([1000]), 2))
  assert.equal(
    folded(scaled).folded.map(({ node }) => node.shape),
    [[1000]],
  )
  assert.equal(
    folded(ops.add(x, constantFull([1000, 1000], 3, 'float32'))).folded.map(({ node }) => node.shape),
    [[]],
  )
})

test('what users fill is data, and a constant result is computed when it is asked for', () => {
  const w = weight([4, 4])
  const model = ops.gelu(ops.linear(Tensor.zeros([2, 4]), w))
  assert.equal(
    folded(model).folded.map(({ node }) => node.op),
    ['pack'],
  )
  assert.equal(folded(ops.matmul(w, w)).folded, [])
  assert.equal(folded(ops.neg(w)).folded, [])
})

test.run()
