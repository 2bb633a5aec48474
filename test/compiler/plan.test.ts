import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compile } from '../../lib/compiler/compile.js'
import { encode } from '../../lib/compiler/encode.js'
import type { Value } from '../../lib/compiler/layout.js'
import { planArena } from '../../lib/compiler/plan.js'
import * as ops from '../../lib/ops/index.js'
import type { Tensor } from '../../lib/tensor/tensor.js'
import { Turns } from '../../lib/turns.js'
import { Random, range } from '../ops/reference.js'
import { rejects } from '../support/errors.js'
import { data, lowered, namesOf, target, weight } from './target.js'

const value = (bytes: number, first: number, last: number): Value => ({
  kind: 'arena',
  location: -1,
  bytes,
  first,
  last,
})

/** Bytes that are alive at the fullest moment: no plan can do with less. */
function peak(values: readonly Value[]): number {
  const moments = values.map(({ first }) => first)
  return Math.max(
    0,
    ...moments.map((now) =>
      values.reduce(
        (sum, v) => sum + (v.first <= now && now <= v.last ? Math.ceil(v.bytes / 64) * 64 : 0),
        0,
      ),
    ),
  )
}

function assertPlanned(values: readonly Value[], arena: number): void {
  for (const [index, a] of values.entries()) {
    assert.is(a.location % 64, 0, 'aligned')
    assert.ok(a.location >= 0 && a.location + a.bytes <= arena, 'inside the arena')
    for (const b of values.slice(index + 1)) {
      const together = a.first <= b.last && b.first <= a.last
      const overlap = a.location < b.location + b.bytes && b.location < a.location + a.bytes
      assert.not(together && overlap, `${JSON.stringify(a)} and ${JSON.stringify(b)}`)
    }
  }
}

test('what is alive at once does not overlap, and the arena is close to the peak', () => {
  const random = new Random(1)
  for (let round = 0; round < 200; round++) {
    const values = range(1 + random.below(40)).map(() => {
      const first = random.below(30)
      return value(random.pick([0, 1, 63, 64, 65, 100, 1000, 5000]), first, first + random.below(8))
    })
    const arena = planArena(values)
    assertPlanned(values, arena)
    assert.ok(arena >= peak(values), 'it holds the peak')
    assert.ok(arena <= 2 * peak(values), `${arena} bytes for a peak of ${peak(values)}`)
  }
})

test('a chain needs memory for two values', () => {
  const values = range(100).map((i) => value(640, i, i + 1))
  assert.is(planArena(values), 1280)
})

test('only arena values that something touches are planned', () => {
  const values: Value[] = [
    { ...value(640, 0, 5), kind: 'output' },
    { ...value(640, 0, 5), kind: 'constant' },
    value(640, -1, -1),
  ]
  assert.is(planArena(values), 0)
})

test('ten thousand values are planned in a moment', () => {
  const random = new Random(2)
  const values = range(10000).map((i) => value(64 * (1 + random.below(20)), i, i + 1 + random.below(3)))
  const begin = performance.now()
  assertPlanned(values.slice(0, 300), planArena(values))
  assert.ok(performance.now() - begin < 5000)
})

/** Arena values of a real graph. */
function layers(depth: number): Tensor {
  let x: ops.FloatTensor = data([1, 50, 64])
  for (let i = 0; i < depth; i++) {
    const norm = ops.layerNorm(x, weight([64]))
    x = ops.add(x, ops.linear(ops.gelu(ops.linear(norm, weight([256, 64]))), weight([64, 256])))
  }
  return x
}

test('memory does not grow with depth', async () => {
  const arena = async (depth: number) =>
    (await compile([layers(depth).node], target, 'float32', new Turns(0, undefined))).arenaBytes
  assert.is(await arena(20), await arena(3))
})

test('a root is written in its own memory, and read from there', () => {
  const x = data([4, 4])
  const first = ops.neg(x)
  const program = lowered(first, ops.exp(first))
  assert.equal(
    program.outputs.map(({ kind, location }) => [kind, location]),
    [
      ['output', 0],
      ['output', 1],
    ],
  )
  assert.is(program.instructions[1]!.views[1]!.value, program.outputs[0])
})

test('roots that are views of one another, of an input or of a constant are copied', () => {
  const x = data([4, 6])
  const y = ops.neg(x)
  assert.equal(namesOf(ops.reshape(y, [24])), ['unary'], 'the only root')
  assert.equal(namesOf(y, ops.reshape(y, [24])), ['unary', 'copy'])
  assert.equal(namesOf(ops.transpose(y)), ['unary', 'copy'])
  assert.equal(namesOf(ops.slice(y, { axis: 0, end: 2 })), ['unary', 'copy'])
  assert.equal(namesOf(ops.reshape(x, [24])), ['copy'])
  assert.equal(namesOf(ops.reshape(weight([4, 6]), [24])), ['copy'])
})

test('empty tensors take no instruction', () => {
  const empty = data([0, 6])
  assert.equal(
    namesOf(ops.gelu(ops.linear(ops.add(empty, 1), weight([3, 6])))).filter((op) => op !== 'fill'),
    [],
  )
  assert.equal(namesOf(ops.sum(empty, 0)), ['fill'])
})

test('the encoding is what the runtime reads', () => {
  const program = lowered(ops.neg(data([2, 3])))
  const code = [...encode(program, 0, target)]
  const [magic, version, ...rest] = code
  assert.equal([magic, version], [0x5acc, 1])
  // Arena, buffers, inputs, outputs, instructions.
  assert.equal(rest.slice(0, 5), [0, 2, 1, 1, 1])
  // Kind, place, bytes: the input, the output.
  assert.equal(rest.slice(5, 11), [2, 0, 24, 3, 0, 24])
  assert.equal(rest.slice(11, 12), [1], 'the output is the second buffer')
  const view = (buffer: number) => [buffer, target.dtype('float32'), 0, 2, 2, 3, 3, 1]
  assert.equal(rest.slice(12), [target.op('unary'), 2, ...view(1), ...view(0), 2, target.unary('negate'), 0])
})

test('caches are written in place', async () => {
  const cache = data([1, 2, 8, 4])
  const at = data([1], 'int32')
  const next = ops.update(cache, data([1, 2, 1, 4]), at)
  const program = lowered(next, ops.sum(next))
  assert.equal(
    program.outputs.map(({ kind }) => kind),
    ['inout', 'output'],
  )
  assert.equal(program.written, [cache.node])
  const compileBoth =
    (...tensors: Tensor[]) =>
    () =>
      compile(
        tensors.map(({ node }) => node),
        target,
        'float32',
        new Turns(0, undefined),
      )
  await rejects(compileBoth(next, ops.neg(cache)), 'INPUT_INVALID', /no other reader/)
  await rejects(
    compileBoth(ops.sum(next)),
    'INPUT_INVALID',
    /result of the update among the computed tensors/,
  )
})

test.run()
