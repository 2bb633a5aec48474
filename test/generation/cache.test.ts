import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cacheStep, KeyValueCache } from '../../lib/generation/cache.js'
import { Layer } from '../../lib/nn/layer.js'
import { runStack } from '../../lib/nn/stack.js'
import * as ops from '../../lib/ops/index.js'
import { defaultSession } from '../../lib/runtime/session.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { sameBits } from '../models/bits.js'
import { randomLayerNorm, randomMlp, randomSelfAttention } from '../nn/random-modules.js'
import { Random, range, tensor } from '../ops/reference.js'

const [rows, width, heads, depth] = [2, 24, 3, 2]

function randomLayers(): Layer[] {
  const random = new Random(1)
  return range(depth).map(
    () =>
      new Layer([
        {
          attention: randomSelfAttention(random, { width, heads }).attention,
          norm: randomLayerNorm(random, width).norm,
          placement: 'pre',
        },
        { mlp: randomMlp(random, width, 30).mlp, norm: undefined, placement: 'pre' },
      ]),
  )
}

/** Runs `count` more positions of x through the layers, over a cache. */
async function step(layers: readonly Layer[], cache: KeyValueCache, x: ops.FloatTensor, count: number) {
  const start = cache.length
  await cache.reserve(count)
  const at = Tensor.from([start], [1], 'int32')
  const next = cacheStep(at, cache.tensors(), count)
  const piece: ops.FloatTensor = ops.slice(x, { axis: 1, start, end: start + count })
  const { last } = runStack(layers, piece, { self: next.self, past: next.past })
  await evaluate([last, ...next.tensors()])
  cache.advance(next.tensors(), new Int32Array(rows).fill(count))
  return last
}

const newCache = () => new KeyValueCache({ layers: depth, heads, width: width / heads }, rows, defaultSession)

test('steps over a cache have the bits of the whole sequence, also when the cache grows', async () => {
  const layers = randomLayers()
  const length = 41
  const x = tensor(new Random(2).numbers([rows, length, width])) as ops.FloatTensor
  const whole = runStack(layers, x, { self: { causal: true } }).last
  const cache = newCache()
  const pieces: ops.FloatTensor[] = []
  for (const count of [5, ...range(length - 5).map(() => 1)]) pieces.push(await step(layers, cache, x, count))
  assert.is(cache.length, length)
  await sameBits(ops.concat(pieces, 1), whole, 'all positions')
  cache.dispose()
})

test('content is what was kept, without unused positions', async () => {
  const layers = randomLayers()
  const x = tensor(new Random(3).numbers([rows, 4, width])) as ops.FloatTensor
  const cache = newCache()
  await step(layers, cache, x, 4)
  const [first] = cache.content()
  assert.equal([...first!.key.shape], [rows, heads, 4, width / heads])
  let own: ops.FloatTensor | undefined
  runStack(layers.slice(0, 1), x, {
    past: (_, present) => {
      own = present.key
      return present
    },
  })
  await sameBits(first!.key, own!, 'keys of the first layer')
  cache.dispose()
  assert.equal(cache.content(), [])
})

test('rows go on from other rows', async () => {
  const layers = randomLayers()
  const x = tensor(new Random(4).numbers([rows, 6, width])) as ops.FloatTensor
  const cache = newCache()
  await step(layers, cache, x, 5)
  await cache.reorder(Int32Array.of(1, 1))
  const got = await step(layers, cache, x, 1)
  // Both rows have the past of row 1; the last position is each row's own.
  const row = (index: number, start: number, end: number): ops.FloatTensor =>
    ops.slice(ops.slice(x, { axis: 0, start: index, end: index + 1 }), { axis: 1, start, end })
  for (const index of range(rows)) {
    const sequence = ops.concat([row(1, 0, 5), row(index, 5, 6)], 1)
    const { last } = runStack(layers, sequence, { self: { causal: true } })
    const want: ops.FloatTensor = ops.slice(last, { axis: 1, start: 5 })
    await sameBits(ops.slice(got, { axis: 0, start: index, end: index + 1 }), want, `row ${index}`)
  }
  cache.dispose()
})

test.run()
