import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  nameOf,
  positiveInt,
  positiveInts,
  positiveNumber,
  sizePair,
  string,
} from '../../files/config.js'
import { type Activation, activation } from '../../nn/activation.js'
import type { Grid } from '../../nn/grid-bias.js'
import { checkSizes } from '../sizes.js'

/** Layers between two changes of the grid. */
export interface SwinStage {
  readonly width: number
  readonly depth: number
  readonly heads: number
  readonly feedForward: number
}

/** The parts of transformers' SwinConfig that change the computation. */
export interface SwinConfig {
  readonly channels: number
  readonly image: Grid
  readonly patch: Grid
  readonly stages: readonly SwinStage[]
  readonly window: Grid
  readonly queryKeyValueBias: boolean
  readonly activation: Activation
  /** Epsilon of the norms in and after the layers. Those of the patches are always 1e-5. */
  readonly epsilon: number
  /** Whether patches have learned position embeddings besides the relative biases. */
  readonly absolutePositions: boolean
}

/** Reads config.json, with the library's defaults. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function readSwinConfig(config: Config): SwinConfig {
  const image = sizePair(config, 'image_size', [224, 224])
  const patch = sizePair(config, 'patch_size', [4, 4])
  const window = positiveInt(config, 'window_size', 7)
  checkSizes(config.file, { modelImageSide: image, windowPositions: window * window })
  return {
    channels: positiveInt(config, 'num_channels', 3),
    ...{ image, patch, window: [window, window] },
    stages: readStages(config),
    queryKeyValueBias: boolean(config, 'qkv_bias', true),
    activation: activation(string(config, 'hidden_act', 'gelu'), nameOf(config, 'hidden_act')),
    epsilon: epsilon(config, 'layer_norm_eps', 1e-5),
    absolutePositions: boolean(config, 'use_absolute_embeddings', false),
  }
}

/** The width of a stage is twice that of the one before. */
function readStages(config: Config): readonly SwinStage[] {
  const depths = positiveInts(config, 'depths', [2, 2, 6, 2])
  const heads = positiveInts(config, 'num_heads', [3, 6, 12, 24])
  if (depths.length === 0) throw configInvalid(config, 'depths', 'at least one stage')
  if (heads.length !== depths.length)
    throw configInvalid(config, 'num_heads', `${depths.length} numbers, one for each stage of depths`)
  const [first, ratio] = [positiveInt(config, 'embed_dim', 96), positiveNumber(config, 'mlp_ratio', 4)]
  return depths.map((depth, index) => {
    const width = first * 2 ** index
    const feedForward = Math.trunc(ratio * width)
    checkSizes(config.file, { layers: depth, heads: heads[index]!, width: [width, feedForward] })
    if (width % heads[index]! !== 0)
      throw configInvalid(config, 'num_heads', `divisors of the widths of the stages (${width})`)
    return { width, depth, heads: heads[index]!, feedForward }
  })
}
