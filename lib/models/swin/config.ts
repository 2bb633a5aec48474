import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  listGetter,
  nameOf,
  positiveInt,
  positiveInts,
  positiveNumber,
  sizePair,
  string,
} from '../../files/config.js'
import { activation } from '../../nn/activation.js'
import type { Grid } from '../../nn/grid-bias.js'
import { checkSizes } from '../sizes.js'
import type { SwinSpec, SwinStage } from './spec.js'

/** Reads config.json of transformers, with the library's defaults. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function readSwinConfig(config: Config, version: 1 | 2): SwinSpec {
  const image = sizePair(config, 'image_size', [224, 224])
  const patch = sizePair(config, 'patch_size', [4, 4])
  checkSizes(config.file, { modelImageSide: image })
  const absolutePositions = boolean(config, 'use_absolute_embeddings', false)
  if (version === 2 && absolutePositions)
    throw configInvalid(
      config,
      'use_absolute_embeddings',
      'false: the class has one position more than patches',
    )
  const grid: Grid = [Math.floor(image[0] / patch[0]), Math.floor(image[1] / patch[1])]
  return {
    version,
    channels: positiveInt(config, 'num_channels', 3),
    ...{ image, patch },
    stages: version === 1 ? stagesOf(config, windowsOf(config)) : stagesOf(config, clampedTo(config, grid)),
    queryKeyValueBias: boolean(config, 'qkv_bias', true),
    activation: activation(string(config, 'hidden_act', 'gelu'), nameOf(config, 'hidden_act')),
    epsilon: epsilon(config, 'layer_norm_eps', 1e-5),
    absolutePositions,
    // Version 2 of the library adds -100 twice.
    windows: { shiftsSmall: version === 2, padsLast: false, apart: version === 2 ? -200 : -100 },
    accepts: version === 1 ? 'whole-window' : 'any',
    statesBeforeMerging: false,
  }
}

export type StageWindows = Pick<SwinStage, 'window' | 'shift' | 'trainedWindow'>

/** The windows of version 1, the same for all stages. */
function windowsOf(config: Config): () => StageWindows {
  const size = positiveInt(config, 'window_size', 7)
  const half = Math.floor(size / 2)
  return () => ({ window: [size, size], shift: [half, half], trainedWindow: [0, 0] })
}

/** The windows of version 2: no larger than the rows of the grid, with which they are not shifted. */
function clampedTo(config: Config, grid: Grid): (stage: number) => StageWindows {
  const trained = trainedWindows(config, 'pretrained_window_sizes')
  const size = positiveInt(config, 'window_size', 7)
  return (stage) => {
    const rows = Math.floor(grid[0] / 2 ** stage)
    if (rows === 0) throw configInvalid(config, 'image_size', 'an image with a row of patches in each stage')
    const window = Math.min(rows, size)
    const shift = rows <= window ? 0 : Math.floor(size / 2)
    return { window: [window, window], shift: [shift, shift], trainedWindow: trained(stage) }
  }
}

const sizes = listGetter(
  '0 or a whole number above 1',
  (value): value is number => Number.isSafeInteger(value) && value !== 1 && Number(value) >= 0,
)

/** The windows of the training of each stage. */
export function trainedWindows(config: Config, key: string): (stage: number) => Grid {
  const trained = sizes(config, key, [0, 0, 0, 0])
  return (stage) => {
    const size = trained[stage]
    if (size === undefined) throw configInvalid(config, key, 'a size for each stage')
    return [size, size]
  }
}

/** The width of a stage is twice that of the one before. */
export function stagesOf(config: Config, windows: (stage: number) => StageWindows): readonly SwinStage[] {
  const depths = positiveInts(config, 'depths', [2, 2, 6, 2])
  const heads = positiveInts(config, 'num_heads', [3, 6, 12, 24])
  if (depths.length === 0) throw configInvalid(config, 'depths', 'at least one stage')
  if (heads.length !== depths.length)
    throw configInvalid(config, 'num_heads', `${depths.length} numbers, one for each stage of depths`)
  const [first, ratio] = [positiveInt(config, 'embed_dim', 96), positiveNumber(config, 'mlp_ratio', 4)]
  return depths.map((depth, index) => {
    const width = first * 2 ** index
    const feedForward = Math.trunc(ratio * width)
    const count = heads[index]!
    const stage = windows(index)
    const windowPositions = stage.window[0] * stage.window[1]
    checkSizes(config.file, { layers: depth, heads: count, width: [width, feedForward], windowPositions })
    if (width % count !== 0)
      throw configInvalid(config, 'num_heads', `divisors of the widths of the stages (${width})`)
    return { width, depth, heads: count, headWidth: width / count, feedForward, ...stage }
  })
}
