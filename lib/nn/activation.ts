import { invalid, show } from '../errors.js'
import * as ops from '../ops/index.js'

export type Activation = (x: ops.FloatTensor) => ops.FloatTensor

/** Parameters of the normal distribution with which `laplace` approximates a squared relu (Ma et al. 2022). */
const [laplaceMean, laplaceDeviation] = [707107e-6, 282095e-6]

/** Activations by the names that published configs use (`hidden_act`, `activation_function`, timm's `act_layer`). */
const activations: Record<string, Activation> = {
  gelu: (x) => ops.gelu(x),
  gelu_new: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_pytorch_tanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_tanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_fast: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_accurate: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_python_tanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  gelu_python: (x) => ops.gelu(x),
  gelu_10: (x) => ops.minimum(ops.maximum(ops.gelu(x), -10), 10),
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
  laplace: (x) =>
    ops.mul(ops.add(ops.erf(ops.div(ops.sub(x, laplaceMean), laplaceDeviation * Math.SQRT2)), 1), 0.5),
  relu2: (x) => ops.square(ops.relu(x)),
  linear: (x) => x,
  identity: (x) => x,
}

/**
 * Looks an activation up by its name in a config.
 * @param what file and key, for the error
 * @throws CONFIG_INVALID naming the supported ones
 */
export function activation(name: string, what = 'activation'): Activation {
  const found = Object.hasOwn(activations, name) ? activations[name] : undefined
  if (!found)
    throw invalid('CONFIG_INVALID', what, `one of ${Object.keys(activations).join(', ')}`, show(name))
  return found
}
