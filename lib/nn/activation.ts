import { SaccadeError } from '../errors.js'
import * as ops from '../ops/index.js'

export type Activation = (x: ops.FloatTensor) => ops.FloatTensor

/** Activations by the names that published configs use (`hidden_act`, `activation_function`, timm's `act_layer`). */
const activations: Record<string, Activation> = {
  gelu: (x) => ops.gelu(x),
  gelu_new: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_pytorch_tanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_tanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_fast: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_python: (x) => ops.gelu(x),
  quick_gelu: ops.quickGelu,
  relu: ops.relu,
  relu6: ops.relu6,
  leaky_relu: (x) => ops.leakyRelu(x),
  elu: (x) => ops.elu(x),
  silu: ops.silu,
  swish: ops.silu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  mish: ops.mish,
  softplus: ops.softplus,
  hard_swish: ops.hardSwish,
  hardswish: ops.hardSwish,
  hard_sigmoid: ops.hardSigmoid,
  relu2: (x) => ops.square(ops.relu(x)),
  linear: (x) => x,
  identity: (x) => x,
}

/** @throws CONFIG_INVALID naming the activations there are */
export function activation(name: string): Activation {
  const found = Object.hasOwn(activations, name) ? activations[name] : undefined
  if (!found)
    throw new SaccadeError(
      'CONFIG_INVALID',
      `unknown activation '${name}'; there are ${Object.keys(activations).join(', ')}`,
    )
  return found
}
