import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KeyValue } from '../../lib/nn/attention.js'
import { Layer } from '../../lib/nn/layer.js'
import { RotaryPositions } from '../../lib/nn/rotary.js'
import { projectMemory, runStack } from '../../lib/nn/stack.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { sameBits } from '../models/bits.js'
import { type Nd, Random, range, tensor } from '../ops/reference.js'
import {
  assertModule,
  growingPast,
  randomCrossAttention,
  randomLayerNorm,
  randomMlp,
  randomSelfAttention,
} from './random-modules.js'
import { add, hiding, rotaryAngles, rotate } from './reference.js'

const [B, N, width, heads, depth] = [2, 6, 24, 3, 3]

/** Pre-norm layers, and what each gives for an input. */
function randomStack(random: Random, cross = false) {
  const parts = range(depth).map(() => ({
    attention: randomSelfAttention(random, { width, heads }),
    cross: randomCrossAttention(random, width, width, heads),
    mlp: randomMlp(random, width, 30),
    norms: [randomLayerNorm(random, width), randomLayerNorm(random, width)] as const,
  }))
  const layers = parts.map(
    ({ attention: { attention }, cross: { crossAttention }, mlp: { mlp }, norms }) =>
      new Layer([
        { attention, norm: norms[0].norm, placement: 'pre' },
        ...(cross ? [{ crossAttention, norm: undefined, placement: 'pre' } as const] : []),
        { mlp, norm: norms[1].norm, placement: 'pre' },
      ]),
  )
  type Call = Parameters<ReturnType<typeof randomSelfAttention>['forward']>[1]
  const forward = (layer: number, x: Nd, call: Call) => {
    const { attention, mlp, norms } = parts[layer]!
    const { output, weights } = attention.forward(norms[0].forward(x), call)
    const attended = add(x, output)
    return { output: add(attended, mlp.forward(norms[1].forward(attended))), weights }
  }
  return { layers, forward }
}

test('a stack gives the state before and after each layer', async () => {
  const random = new Random(1)
  const { layers, forward } = randomStack(random)
  let x = random.numbers([B, N, width])
  const { last, hiddenStates, attentions } = runStack(layers, tensor(x))
  assert.is(hiddenStates.length, depth + 1)
  assert.is(last, hiddenStates[depth])
  assert.is(attentions.size, 0)
  await assertModule(hiddenStates[0]!, x, 'input', 0)
  for (const layer of range(depth)) {
    x = forward(layer, x, {}).output
    await assertModule(hiddenStates[layer + 1]!, x, `layer ${layer}`, 24)
  }
})

test('a call may differ from layer to layer', async () => {
  const random = new Random(2)
  const { layers, forward } = randomStack(random)
  let x = random.numbers([B, N, width])
  const local = hiding([N, N], ([i, j]) => Math.abs(i! - j!) > 1)
  const self = (layer: number) => (layer === 1 ? { window: 1, weights: true } : { causal: true })
  const { hiddenStates, attentions } = runStack(layers, tensor(x), { self })
  assert.equal([...attentions.keys()], [1])
  for (const layer of range(depth)) {
    const { output, weights } = forward(layer, x, layer === 1 ? { mask: local } : { causal: true })
    if (layer === 1) await assertModule(attentions.get(1)!, weights, 'weights', 24)
    x = output
    await assertModule(hiddenStates[layer + 1]!, x, `layer ${layer}`, 24)
  }
})

test('weights of some layers and rows, and the states keep their bits', async () => {
  const random = new Random(3)
  const { layers } = randomStack(random)
  const x = tensor(random.numbers([B, N, width]))
  const all = runStack(layers, x, { self: { weights: true } })
  assert.equal([...all.attentions.keys()], range(depth))
  const rows = { start: 1, end: 3 }
  const some = runStack(layers, x, { self: (layer) => ({ weights: layer === 2 && rows }) })
  assert.equal([...some.attentions.keys()], [2])
  const asked = ops.slice(all.attentions.get(2)!, { axis: 2, ...rows })
  await sameBits(some.attentions.get(2)!, asked, 'weights')
  await sameBits(some.last, all.last, 'last state')
})

test('a decoder attends to its memory in each layer', async () => {
  const random = new Random(4)
  const { layers } = randomStack(random, true)
  const [x, y] = [tensor(random.numbers([B, N, width])), tensor(random.numbers([B, 4, width]))]
  const memory = projectMemory(layers, y)
  assert.is(memory.length, depth)
  const together = runStack(layers, x, { memory, cross: { weights: true } })
  assert.equal([...together.crossAttentions.keys()], range(depth))
  let state = x as ops.FloatTensor
  for (const [index, layer] of layers.entries()) {
    const one = layer.forward(state, { memory: memory[index], cross: { weights: true } })
    state = one.output
    await sameBits(together.hiddenStates[index + 1]!, state, `layer ${index}`)
    await sameBits(together.crossAttentions.get(index)!, one.crossWeights!, `weights of layer ${index}`)
  }
})

test('with a past, tokens one at a time give what the whole sequence gives', async () => {
  const random = new Random(5)
  const { layers, forward } = randomStack(random)
  let x = random.numbers([B, N, width])
  const input = tensor(x)
  const rotary = new RotaryPositions({ positions: N, width: 8, base: 100, layout: 'halves' })
  const whole = runStack(layers, input, { self: { causal: true, rotation: rotary.first(N) } }).last
  for (const counts of [
    [1, 1, 1, 1, 1, 1],
    [4, 1, 1],
    [2, 3, 1],
  ]) {
    const past: (layer: number, present: KeyValue) => KeyValue = growingPast()
    const pieces: ops.FloatTensor[] = []
    let start = 0
    for (const count of counts) {
      const rotation = rotary.at(
        Tensor.from(
          range(count).map((i) => start + i),
          [count],
          'int32',
        ),
      )
      const piece: ops.FloatTensor = ops.slice(input, { axis: 1, start, end: start + count })
      pieces.push(runStack(layers, piece, { self: { causal: true, rotation }, past }).last)
      start += count
    }
    await sameBits(ops.concat(pieces, 1), whole, `pieces of ${counts}`)
  }
  const angles = rotaryAngles(range(N), 8, 100)
  for (const layer of range(depth))
    x = forward(layer, x, { causal: true, rotate: (y) => rotate(y, angles, 'halves') }).output
  await assertModule(whole, x, 'whole sequence', 24)
})

test('an empty stack gives back what it reads', () => {
  const x = Tensor.zeros([1, 2, 4])
  const { last, hiddenStates } = runStack([], x)
  assert.is(last, x)
  assert.equal(hiddenStates.length, 1)
})

test.run()
