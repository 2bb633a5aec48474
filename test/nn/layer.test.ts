import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Layer, type NormPlacement } from '../../lib/nn/layer.js'
import type { Norm } from '../../lib/nn/norm.js'
import { type Nd, Random, tensor } from '../ops/reference.js'
import { rejects } from '../support/errors.js'
import {
  assertModule,
  constant,
  randomCrossAttention,
  randomGatedMlp,
  randomLayerNorm,
  randomMlp,
  randomRmsNorm,
  randomSelfAttention,
} from './random-modules.js'
import { add, multiply } from './reference.js'

const [B, N, width, heads] = [2, 6, 24, 3]
const operations = 12

type Function = (x: Nd) => Nd

/** The residual connection around f, as the papers write it. */
const connections: Readonly<Record<NormPlacement, (x: Nd, norm: Function, f: Function) => Nd>> = {
  pre: (x, norm, f) => add(x, f(norm(x))),
  post: (x, norm, f) => norm(add(x, f(x))),
  'res-post': (x, norm, f) => add(x, norm(f(x))),
}
const placements = Object.keys(connections) as NormPlacement[]

for (const placement of placements)
  test(`${placement}-norm, with plain and gated MLPs and either norm`, async () => {
    const random = new Random(1)
    const connect = connections[placement]
    for (const [randomNorm, randomFeedForward] of [
      [randomLayerNorm, randomMlp],
      [randomRmsNorm, randomGatedMlp],
    ] as const) {
      const attention = randomSelfAttention(random, { width, heads })
      const mlp = randomFeedForward(random, width, 40)
      const norms = [randomNorm(random, width), randomNorm(random, width)] as const
      const layer = new Layer([
        { attention: attention.attention, norm: norms[0].norm, placement },
        { mlp: mlp.mlp, norm: norms[1].norm, placement },
      ])
      const x = random.numbers([B, N, width])
      const attended = connect(x, norms[0].forward, (y) => attention.forward(y).output)
      const expected = connect(attended, norms[1].forward, mlp.forward)
      await assertModule(layer.forward(tensor(x)).output, expected, placement, operations)
    }
  })

test('parts without a norm', async () => {
  const random = new Random(2)
  const attention = randomSelfAttention(random, { width, heads })
  const mlp = randomMlp(random, width, 40)
  const x = random.numbers([B, N, width])
  const attended = add(x, attention.forward(x).output)
  for (const placement of placements) {
    const layer = new Layer([
      { attention: attention.attention, norm: undefined, placement },
      { mlp: mlp.mlp, norm: undefined, placement },
    ])
    const expected = add(attended, mlp.forward(attended))
    await assertModule(layer.forward(tensor(x)).output, expected, placement, operations)
  }
})

for (const placement of placements)
  test(`layer scale multiplies what a part adds: ${placement}-norm`, async () => {
    const random = new Random(3)
    const [mlp, norm] = [randomMlp(random, width, 40), randomLayerNorm(random, width)]
    const scale = random.numbers([width], 2)
    const layer = new Layer([{ mlp: mlp.mlp, norm: norm.norm, placement, scale: constant(scale) }])
    const x = random.numbers([B, N, width])
    const scaled = (y: Nd) => multiply(y, scale)
    const expected = {
      pre: () => add(x, scaled(mlp.forward(norm.forward(x)))),
      post: () => norm.forward(add(x, scaled(mlp.forward(x)))),
      'res-post': () => add(x, scaled(norm.forward(mlp.forward(x)))),
    }[placement]()
    await assertModule(layer.forward(tensor(x)).output, expected, placement, operations)
  })

test('parallel parts read the same input, each through a norm of its own', async () => {
  const random = new Random(4)
  const attention = randomSelfAttention(random, { width, heads })
  const mlp = randomMlp(random, width, 40)
  const norms = [randomLayerNorm(random, width), randomLayerNorm(random, width)] as const
  const x = random.numbers([B, N, width])
  for (const placement of ['pre', 'res-post'] as const) {
    const layer = new Layer([
      [
        { attention: attention.attention, norm: norms[0].norm, placement },
        { mlp: mlp.mlp, norm: norms[1].norm, placement },
      ],
    ])
    const branch = (norm: Function, f: Function) => (placement === 'pre' ? f(norm(x)) : norm(f(x)))
    const attended = branch(norms[0].forward, (y) => attention.forward(y).output)
    const expected = add(add(x, attended), branch(norms[1].forward, mlp.forward))
    const { output, weights } = layer.forward(tensor(x), { self: { weights: true } })
    await assertModule(output, expected, placement, operations)
    assert.equal([...weights!.shape], [B, heads, N, N])
  }
})

test('parallel parts may share a norm, which is computed once', async () => {
  const random = new Random(5)
  const attention = randomSelfAttention(random, { width, heads })
  const mlp = randomMlp(random, width, 40)
  const shared = randomLayerNorm(random, width)
  let calls = 0
  const norm: Norm = {
    forward: (x) => {
      calls++
      return shared.norm.forward(x)
    },
  }
  const layer = new Layer([
    [
      { attention: attention.attention, norm, placement: 'pre' },
      { mlp: mlp.mlp, norm, placement: 'pre' },
    ],
  ])
  const x = random.numbers([B, N, width])
  const normed = shared.forward(x)
  const expected = add(add(x, attention.forward(normed).output), mlp.forward(normed))
  await assertModule(layer.forward(tensor(x)).output, expected, 'GPT-J', operations)
  assert.is(calls, 1)
})

for (const placement of placements)
  test(`a decoder's layer attends to itself, then to a memory: ${placement}-norm`, async () => {
    const random = new Random(6)
    const connect = connections[placement]
    const attention = randomSelfAttention(random, { width, heads })
    const cross = randomCrossAttention(random, width, 16, heads)
    const mlp = randomMlp(random, width, 40)
    const [n1, n2, n3] = [
      randomLayerNorm(random, width),
      randomLayerNorm(random, width),
      randomLayerNorm(random, width),
    ]
    const layer = new Layer([
      { attention: attention.attention, norm: n1.norm, placement },
      { crossAttention: cross.crossAttention, norm: n2.norm, placement },
      { mlp: mlp.mlp, norm: n3.norm, placement },
    ])
    const [x, memory] = [random.numbers([B, N, width]), random.numbers([B, 5, 16])]
    const first = connect(x, n1.forward, (y) => attention.forward(y, { causal: true }).output)
    const second = connect(first, n2.forward, (y) => cross.forward(y, memory).output)
    const expected = connect(second, n3.forward, mlp.forward)
    const seen = placement === 'pre' ? n1.forward(x) : x
    const looking = placement === 'pre' ? n2.forward(first) : first
    const got = layer.forward(tensor(x), {
      self: { causal: true, weights: true },
      cross: { weights: true },
      memory: layer.project(tensor(memory)),
    })
    await assertModule(got.output, expected, 'output', 2 * operations)
    await assertModule(got.weights!, attention.forward(seen, { causal: true }).weights, 'weights', operations)
    await assertModule(got.crossWeights!, cross.forward(looking, memory).weights, 'cross', operations)
  })

test('a memory and a cross-attention need each other', async () => {
  const random = new Random(7)
  const { crossAttention } = randomCrossAttention(random, width, width, heads)
  const decoder = new Layer([{ crossAttention, norm: undefined, placement: 'pre' }])
  const x = tensor(random.numbers([B, N, width]))
  await rejects(() => decoder.forward(x), 'INTERNAL', /needs a memory/)
  await rejects(() => new Layer([]).project(x), 'INTERNAL', /without cross-attention/)
})

test.run()
