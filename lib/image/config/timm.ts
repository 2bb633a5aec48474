import {
  type Config,
  configInvalid,
  isPositive,
  isSet,
  oneOf,
  optional,
  positiveNumber,
} from '../../files/config.js'
import type { ImageSpec, ResizeSpec, Size } from '../spec.js'
import { roundToEven } from '../spec.js'
import { black, deviations, imagenet, means } from './values.js'

const filters = ['bicubic', 'bilinear', 'nearest', 'lanczos', 'box', 'hamming'] as const
const modes = ['center', 'squash', 'border'] as const

/**
 * timm's create_transform for evaluation, with the defaults of its resolve_data_config. A model's pretrained_cfg has the
 * same keys.
 * @throws CONFIG_INVALID
 */
export function timmSpec(pretrained: Config): ImageSpec {
  const config = withChannels(pretrained)
  const size = inputSize(config)
  const filter = orDefault(config, 'interpolation', filters, 'bicubic')
  const cropPct = config.values.crop_pct === 0 ? 0.875 : positiveNumber(config, 'crop_pct', 0.875)
  const mode = orDefault(config, 'crop_mode', modes, 'center')
  const mean = means(config, 'mean', imagenet.mean)
  const scaled = [Math.floor(size[0] / cropPct), Math.floor(size[1] / cropPct)] as const
  if (!scaled.every(isPositive))
    throw configInvalid(config, 'crop_pct', 'a fraction of the size that leaves at least one pixel')
  const fill = mode === 'border' ? mean.map((value) => roundToEven(255 * value)) : black
  if (fill.some((value) => value < 0 || value > 255))
    throw configInvalid(config, 'mean', "numbers from 0 to 1, which are the border's color")
  // timm does not pass the interpolation for center crops that are not square; its ResizeKeepRatio is then bilinear.
  const center: ResizeSpec =
    scaled[0] === scaled[1]
      ? { to: 'shortest', length: scaled[0], filter }
      : { to: 'cover', box: scaled, filter: 'bilinear' }
  const resizes: Record<typeof mode, ResizeSpec> = {
    squash: { to: 'size', size: scaled, filter },
    border: { to: 'inside', box: scaled, filter },
    center,
  }
  return {
    resize: resizes[mode],
    crop: { size, margin: 'even', fill },
    rescale: { scale: 1 / 255, offset: 0 },
    normalize: { mean, std: deviations(config, 'std', imagenet.std) },
  }
}

/** Of mean and std, timm takes its default for 0 and an empty list, and one number in a list for all channels. */
function withChannels(config: Config): Config {
  const spread = (value: unknown) => {
    if (!Array.isArray(value)) return value === 0 ? null : value
    return value.length > 1 ? value : (value[0] ?? null)
  }
  const { mean, std } = config.values
  return { ...config, values: { ...config.values, mean: spread(mean), std: spread(std) } }
}

function inputSize(config: Config): Size {
  const input: unknown = config.values.input_size
  if (!isSet(config, 'input_size')) return [224, 224]
  const [channels, height, width]: readonly unknown[] = Array.isArray(input) ? input : []
  if (channels !== 3 || !isPositive(height) || !isPositive(width))
    throw configInvalid(config, 'input_size', '[3, height, width]')
  return [height, width]
}

/** timm takes its default for an empty string, too. */
function orDefault<const T extends string>(
  config: Config,
  key: string,
  choices: readonly T[],
  fallback: T,
): T {
  if (config.values[key] === '') return fallback
  return optional((from, name) => oneOf(from, name, choices), config, key) ?? fallback
}
