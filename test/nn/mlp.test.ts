import { test } from 'uvu'
import { activation } from '../../lib/nn/activation.js'
import { FusedLinear } from '../../lib/nn/fused-linear.js'
import { GatedMlp, Mlp } from '../../lib/nn/mlp.js'
import * as ops from '../../lib/ops/index.js'
import { assertClose, map, type Nd, Random, tensor } from '../ops/reference.js'
import { erf, gelu, geluTanh, sigmoid } from '../ops/special.js'
import { rejects } from '../support/errors.js'
import { assertModule, randomGatedMlp, randomLayerNorm, randomLinear, randomMlp } from './random-modules.js'
import * as reference from './reference.js'
import { withReader } from './weights.js'

test('a plain MLP', async () => {
  const random = new Random(1)
  const { mlp, forward } = randomMlp(random, 12, 20)
  const x = random.numbers([2, 5, 12])
  await assertModule(mlp.forward(tensor(x)), forward(x), 'gelu')
})

test('a plain MLP is read by the names of its layers', async () => {
  const random = new Random(5)
  const [first, second] = [random.numbers([20, 12], 0.3), random.numbers([12, 20], 0.3)]
  await withReader({ 'fc1.weight': first, 'fc2.weight': second }, async (reader) => {
    const sizes = { width: 12, feedForward: 20, activation: ops.relu, bias: false }
    const mlp = Mlp.read(reader, ['fc1', 'fc2'], sizes)
    const x = random.numbers([5, 12])
    const hidden = map(reference.linear(x, first), (value) => Math.max(value, 0))
    await assertModule(mlp.forward(tensor(x)), reference.linear(hidden, second), 'relu')
  })
})

test('a gated MLP: activation(gate) * value', async () => {
  const random = new Random(2)
  const { mlp, forward } = randomGatedMlp(random, 12, 20)
  const x = random.numbers([2, 5, 12])
  await assertModule(mlp.forward(tensor(x)), forward(x), 'SwiGLU')
})

test('a norm in front of the second layer', async () => {
  const random = new Random(3)
  const [first, value] = [randomLinear(random, 8, 10), randomLinear(random, 8, 10)]
  const [second, { norm, forward }] = [randomLinear(random, 10, 8), randomLayerNorm(random, 10)]
  const x = random.numbers([3, 8])
  const relu = (y: Nd) => map(y, (element) => Math.max(element, 0))
  const plain = new Mlp(first.layer, ops.relu, second.layer, norm)
  await assertModule(plain.forward(tensor(x)), second.forward(forward(relu(first.forward(x)))), 'plain', 8)
  const gated = new GatedMlp(FusedLinear.of([first.layer, value.layer]), ops.relu, second.layer, norm)
  const hidden = reference.multiply(relu(first.forward(x)), value.forward(x))
  await assertModule(gated.forward(tensor(x)), second.forward(forward(hidden)), 'gated', 8)
})

test('activations by the names of published configs', async () => {
  const random = new Random(4)
  const x = random.numbers([64], 4)
  const expected: Readonly<Record<string, (value: number) => number>> = {
    gelu,
    gelu_new: geluTanh,
    gelu_pytorch_tanh: geluTanh,
    quick_gelu: (value) => value * sigmoid(1.702 * value),
    relu: (value) => Math.max(value, 0),
    relu2: (value) => Math.max(value, 0) ** 2,
    silu: (value) => value * sigmoid(value),
    tanh: Math.tanh,
    laplace: (value) => 0.5 * (1 + erf((value - 707107e-6) / (282095e-6 * Math.SQRT2))),
    linear: (value) => value,
  }
  for (const [name, f] of Object.entries(expected))
    await assertClose(activation(name)(tensor(x)), map(x, f), 4e-6, name)
})

test('an unknown activation is named', () =>
  rejects(
    () => activation('toString'),
    'CONFIG_INVALID',
    /activation: expected one of gelu, .* got 'toString'/,
  ))

test.run()
