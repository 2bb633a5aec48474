import {
  boolean,
  type Config,
  configInvalid,
  nameOf,
  oneOf,
  positiveInt,
  readConfig,
  string,
} from '../files/config.js'
import { type Activation, activation } from '../nn/activation.js'
import { Linear } from '../nn/linear.js'
import { LayerNorm } from '../nn/norm.js'
import * as ops from '../ops/index.js'
import { type Checkpoint, openCheckpoint } from '../weights/checkpoint.js'
import { WeightReader } from '../weights/reader.js'

/** A layer behind the pooling, with weights of its own. */
export interface SentenceLayer {
  /** x float32 [B, I] to [B, O]. */
  forward(x: ops.FloatTensor): ops.FloatTensor
  readonly checkpoint: Checkpoint
}

/** Classes of torch.nn by the names of {@link activation}. */
const activations: Readonly<Record<string, string>> = {
  Identity: 'identity',
  Tanh: 'tanh',
  ReLU: 'relu',
  ReLU6: 'relu6',
  GELU: 'gelu',
  SiLU: 'silu',
  Sigmoid: 'sigmoid',
  LeakyReLU: 'leaky_relu',
  ELU: 'elu',
  Mish: 'mish',
  Softplus: 'softplus',
  Hardswish: 'hard_swish',
  Hardsigmoid: 'hard_sigmoid',
}

/**
 * Reads a Dense module of sentence-transformers: config.json and weights in a folder. It computes activation(linear(x)), plus
 * x, or a projection of it, if the layer is residual.
 */
export async function readDense(dir: string): Promise<SentenceLayer> {
  const config = await readConfig(dir, 'config.json')
  checkNames(config)
  const [inputs, outputs] = [positiveInt(config, 'in_features'), positiveInt(config, 'out_features')]
  const residual = boolean(config, 'use_residual', false)
  const act = readActivation(config)
  return readLayer(dir, (reader) => {
    const linear = Linear.read(reader, 'linear', inputs, outputs, { bias: boolean(config, 'bias', true) })
    const shortcut =
      residual && inputs !== outputs
        ? Linear.read(reader, 'residual', inputs, outputs, { bias: false })
        : undefined
    return (x) => {
      const y = act(linear.forward(x))
      return residual ? ops.add(y, shortcut ? shortcut.forward(x) : x) : y
    }
  })
}

/** Reads a LayerNorm module of sentence-transformers; its epsilon is the default of torch.nn.LayerNorm. */
export async function readLayerNorm(dir: string): Promise<SentenceLayer> {
  const width = positiveInt(await readConfig(dir, 'config.json'), 'dimension')
  return readLayer(dir, (reader) => {
    const norm = LayerNorm.read(reader, 'norm', width, 1e-5)
    return (x) => norm.forward(x)
  })
}

async function readLayer(
  dir: string,
  read: (reader: WeightReader) => SentenceLayer['forward'],
): Promise<SentenceLayer> {
  const checkpoint = await openCheckpoint(dir)
  try {
    const reader = new WeightReader(checkpoint)
    const forward = read(reader)
    reader.finish()
    return { checkpoint, forward }
  } catch (error) {
    checkpoint.dispose()
    throw error
  }
}

/** Modules on other features than the vector of the text are not supported. @throws CONFIG_INVALID */
export function checkNames(config: Config): void {
  oneOf(config, 'module_input_name', ['sentence_embedding'], 'sentence_embedding')
  oneOf(config, 'module_output_name', ['sentence_embedding'], 'sentence_embedding')
}

function readActivation(config: Config): Activation {
  const name = string(config, 'activation_function', 'torch.nn.modules.activation.Tanh')
  const short = name.startsWith('torch.nn.') ? name.slice(name.lastIndexOf('.') + 1) : ''
  if (!Object.hasOwn(activations, short))
    throw configInvalid(config, 'activation_function', `torch.nn's ${Object.keys(activations).join(', ')}`)
  return activation(activations[short]!, nameOf(config, 'activation_function'))
}
