import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { contiguousLayout, isContiguous, type Layout, viewLayout } from '../../lib/compiler/layout.js'
import { GraphNode, type Node } from '../../lib/graph/node.js'
import { expandNode, isView, permuteNode, reshapeNode, sliceNode } from '../../lib/graph/views.js'
import { broadcast, Random, range, sizeOf } from '../ops/reference.js'

const memoryOf = (elements: number) =>
  ({ kind: 'input', location: 0, bytes: elements * 4, first: -1, last: -1 }) as Layout['value']

const leafOf = (shape: readonly number[]): Node => new GraphNode('data', [], { dtype: 'float32', shape })

/** The layout of a node over its input's; the input's own where the node is no view. */
const seenAs = (node: Node, layout: Layout) => (isView(node) ? viewLayout(node, layout) : layout)

/** Where each element lies, in row-major order. */
function offsets({ shape, strides, offset }: Pick<Layout, 'shape' | 'strides' | 'offset'>): number[] {
  return shape.reduce(
    (found, dim, axis) => found.flatMap((from) => range(dim).map((place) => from + place * strides[axis]!)),
    [offset],
  )
}

/** Strides of elements at these offsets in a shape, if there are any. */
function stridesOf(places: readonly number[], shape: readonly number[]): number[] | undefined {
  const strides = shape.map((dim, axis) =>
    dim === 1 ? 0 : places[sizeOf(shape.slice(axis + 1))]! - places[0]!,
  )
  const lie = offsets({ shape, strides, offset: places[0]! })
  return lie.every((place, i) => place === places[i]) ? strides : undefined
}

/** A layout that permutations, slices and repetitions have made, and the node it is of. */
function randomView(random: Random): { node: Node; layout: Layout } {
  const shape = random.shape(1 + random.below(4), 200, [1, 2, 3, 4, 6])
  let node = leafOf(shape)
  let layout = contiguousLayout(memoryOf(sizeOf(shape)), 'float32', shape)
  for (let step = random.below(4); step > 0; step--) {
    const rank = node.shape.length
    const axis = random.below(rank)
    const dim = node.shape[axis]!
    const kind = random.below(3)
    if (kind === 0) node = permuteNode(node, random.shuffle(rank))
    else if (kind === 1) {
      const start = random.below(dim)
      const by = 1 + random.below(2)
      node = sliceNode(node, axis, start, Math.ceil((dim - start) / by), by)
    } else if (sizeOf(node.shape) < 100 && rank < 6)
      node = expandNode(node, broadcast(node.shape, [2, ...node.shape.map((d) => (d === 1 ? 3 : d))]))
    layout = seenAs(node, layout) ?? layout
    node = leafOf(node.shape)
  }
  return { node, layout }
}

function regroup(random: Random, size: number): number[] {
  const groups = range(1 + random.below(5)).map(() => 1)
  for (let rest = size, f = 2; rest > 1; f++)
    for (; rest % f === 0; rest /= f) groups[random.below(groups.length)]! *= f
  return groups
}

test('a reshape is a view exactly where one is possible, and the right one', () => {
  const random = new Random(1)
  let [views, copies] = [0, 0]
  for (let round = 0; round < 3000; round++) {
    const { node, layout } = randomView(random)
    assert.equal(layout.shape, node.shape)
    const shape = regroup(random, sizeOf(node.shape))
    const places = offsets(layout)
    const seen = viewLayout(new GraphNode('reshape', [node], { shape }), layout)
    const possible = stridesOf(places, shape)
    const what = `[${layout.shape}] with strides [${layout.strides}] as [${shape}]`
    assert.is(seen !== undefined, possible !== undefined, what)
    if (seen) {
      assert.equal(seen.shape, shape)
      assert.equal(offsets(seen), places, what)
      views++
    } else copies++
  }
  assert.ok(views > 500 && copies > 500, `${views} views, ${copies} copies`)
})

test('views of views lead to the elements they stand for', () => {
  const shape = [2, 3, 4]
  const layout = contiguousLayout(memoryOf(24), 'float32', shape)
  const leaf = leafOf(shape)
  const turned = permuteNode(leaf, [2, 0, 1])
  const first = seenAs(turned, layout)!
  assert.equal(first.strides, [1, 12, 4])
  const part = sliceNode(turned, 0, 1, 2, 2)
  const second = seenAs(part, first)!
  assert.equal([second.offset, second.shape, second.strides], [1, [2, 2, 3], [2, 12, 4]])
  const repeated = seenAs(expandNode(part, [5, 2, 2, 3]), second)!
  assert.equal(repeated.strides, [0, 2, 12, 4])
})

test('a repeated axis of size 1 has stride 0, one that stays keeps its own', () => {
  const layout = contiguousLayout(memoryOf(3), 'float32', [1, 3])
  const leaf = leafOf([1, 3])
  assert.equal(seenAs(expandNode(leaf, [4, 3]), layout)!.strides, [0, 1])
  assert.equal(seenAs(expandNode(leaf, [2, 1, 3]), layout)!.strides, [0, 3, 1])
})

test('an empty part begins inside its memory', () => {
  const layout = contiguousLayout(memoryOf(4), 'float32', [4])
  const leaf = leafOf([4])
  const empty = seenAs(sliceNode(leaf, 0, 4, 0), layout)!
  assert.equal([empty.offset, empty.shape], [0, [0]])
  assert.equal(seenAs(reshapeNode(sliceNode(leaf, 0, 4, 0), [3, 0]), empty)!.shape, [3, 0])
})

test('contiguous is what lies in row-major order without gaps', () => {
  const layout = (shape: number[], strides: number[]) =>
    ({ ...contiguousLayout(memoryOf(99), 'float32', shape), strides }) as Layout
  assert.ok(isContiguous(layout([2, 3], [3, 1])))
  assert.ok(isContiguous(layout([1, 3], [77, 1])))
  assert.ok(isContiguous(layout([0, 3], [5, 9])))
  assert.ok(isContiguous(layout([], [])))
  assert.not(isContiguous(layout([2, 3], [1, 2])))
  assert.not(isContiguous(layout([2, 3], [4, 1])))
  assert.not(isContiguous(layout([3], [0])))
})

test.run()
