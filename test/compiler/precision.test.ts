// Which layers a narrow precision changes, and what that costs where layers are wide enough to be changed.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { chooseDTypes } from '../../lib/compiler/dtype.js'
import { fuse } from '../../lib/compiler/fuse.js'
import { Graph } from '../../lib/compiler/graph.js'
import { packedPrecision } from '../../lib/compiler/packing.js'
import type { Precision } from '../../lib/graph/kinds.js'
import type { Node } from '../../lib/graph/node.js'
import { topologicalOrder } from '../../lib/graph/structure.js'
import * as ops from '../../lib/ops/index.js'
import { constantFrom } from '../../lib/tensor/constant.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { target } from './target.js'

/** Normal numbers, the same each time. */
function normals(size: number, seed: number, scale: number): Float32Array {
  let state = seed
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float32Array.from(
    { length: size },
    () => scale * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}

const weight = (outputs: number, inputs: number, seed: number) =>
  constantFrom(normals(outputs * inputs, seed, inputs ** -0.5), [outputs, inputs], 'float32')

/** Patches, three blocks of attention and mlp, logits. */
function tower(width: number): Tensor<'float32'> {
  const [batch, tokens, heads] = [3, 17, 2]
  const pixels = Tensor.from(normals(batch * tokens * 96, 1, 1), [batch, tokens, 96])
  let x: Tensor<'float32'> = ops.linear(pixels, weight(width, 96, 2))
  const split = (y: Tensor<'float32'>) =>
    ops.permute(ops.reshape(y, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]) as Tensor<'float32'>
  for (let block = 0; block < 3; block++) {
    const seed = 10 * (block + 1)
    const rows = ops.layerNorm(x)
    const [q, k, v] = [0, 1, 2].map((i) => split(ops.linear(rows, weight(width, width, seed + i)))) as [
      Tensor<'float32'>,
      Tensor<'float32'>,
      Tensor<'float32'>,
    ]
    const mixed = ops.permute(ops.attention(q, k, v), [0, 2, 1, 3])
    const joined = ops.reshape(mixed, [batch, tokens, width]) as Tensor<'float32'>
    x = ops.add(x, ops.linear(joined, weight(width, width, seed + 3))) as Tensor<'float32'>
    const hidden = ops.gelu(ops.linear(ops.layerNorm(x), weight(2 * width, width, seed + 4)))
    x = ops.add(x, ops.linear(hidden, weight(width, 2 * width, seed + 5))) as Tensor<'float32'>
  }
  return ops.linear(ops.layerNorm(x), weight(100, width, 90))
}

function nodesOf(roots: readonly Node[], precision: Precision): readonly Node[] {
  return topologicalOrder(chooseDTypes(fuse(new Graph(roots)), target, precision))
}

const count = (nodes: readonly Node[], op: string) => nodes.filter((node) => node.op === op).length

async function compute(make: () => Tensor<'float32'>, precision: Precision): Promise<Float32Array> {
  const result = make()
  await evaluate([result], { precision })
  return result.data() as Promise<Float32Array>
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, left, right] = [0, 0, 0]
  a.forEach((x, i) => {
    dot += x * b[i]!
    left += x * x
    right += b[i]! * b[i]!
  })
  return dot / Math.sqrt(left * right)
}

test('int8 quantizes what the layers between the first and the last read, once', () => {
  const nodes = nodesOf([tower(128).node], 'int8')
  // Of a block: one for q, k and v, one for the projection, two for the mlp.
  assert.is(count(nodes, 'quantize'), 3 * 4)
  const packs = nodes.filter(({ op }) => op === 'pack')
  const kept = packs.filter((node) => packedPrecision(node) === 'float32')
  assert.equal(
    kept.map(({ shape }) => shape),
    [
      [1, 96, 128],
      [1, 128, 100],
    ],
  )
  assert.is(packs.length - kept.length, 3 * 6)
})

test('bfloat16 and float16 store every weight so, and quantize nothing', () => {
  for (const precision of ['bfloat16', 'float16'] as const) {
    const nodes = nodesOf([tower(128).node], precision)
    assert.is(count(nodes, 'quantize'), 0)
    assert.ok(nodes.every((node) => node.op !== 'pack' || node.parameters.precision === precision))
  }
})

test('convolutions over overlapping windows are bfloat16 instead of int8', () => {
  const image = Tensor.from(normals(3 * 12 * 12 * 3, 5, 1), [3, 12, 12, 3])
  const kernel = (outputs: number, inputs: number, size: number, seed: number) =>
    constantFrom(
      normals(outputs * inputs * size * size, seed, (inputs * size * size) ** -0.5),
      [outputs, inputs, size, size],
      'float32',
    )
  const padding = { padding: 1 }
  const stem = ops.conv2d(image, kernel(64, 3, 3, 6), undefined, padding)
  const middle = ops.conv2d(ops.relu(stem), kernel(64, 64, 3, 7), undefined, padding)
  const point = ops.conv2d(ops.relu(middle), kernel(128, 64, 1, 8))
  const last = ops.conv2d(ops.relu(point), kernel(64, 128, 3, 9), undefined, padding)
  const nodes = nodesOf([last.node], 'int8')
  const stored = nodes.filter(({ op }) => op === 'pack').map(packedPrecision)
  assert.equal(stored, ['float32', 'bfloat16', 'int8', 'float32'])
})

test('layers narrower than 64 keep the bits of float32', async () => {
  const make = () => tower(32)
  assert.equal(await compute(make, 'int8'), await compute(make, 'float32'))
})

for (const [precision, floor] of Object.entries({ float16: 0.999999, bfloat16: 0.9999, int8: 0.999 }))
  test(`three blocks in ${precision} are close to float32`, async () => {
    const make = () => tower(128)
    const exact = await compute(make, 'float32')
    const close = cosine(await compute(make, precision as Precision), exact)
    assert.ok(close > floor, `cosine ${close}`)
    assert.ok(close < 1 - 1e-10, 'something was rounded')
  })

test('a row with NaN gives NaN in int8, and leaves the others alone', async () => {
  const run = async (spoil: number | undefined) => {
    const data = normals(4 * 64, 3, 1)
    if (spoil !== undefined) data[64 + 5] = spoil
    const first = ops.linear(Tensor.from(data, [4, 64]), weight(64, 64, 4))
    const inner = ops.linear(ops.layerNorm(first), weight(64, 64, 5))
    return compute(() => ops.linear(inner, weight(64, 64, 6)), 'int8')
  }
  const [whole, spoilt] = [await run(undefined), await run(Number.NaN)]
  spoilt.forEach((value, i) => {
    if (Math.floor(i / 64) === 1) assert.ok(Number.isNaN(value))
    else assert.is(value, whole[i])
  })
})

test.run()
