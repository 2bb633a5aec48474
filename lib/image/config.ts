import { invalid, type SaccadeError } from '../errors.js'
import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  number,
  object,
  oneOf,
  optional,
  positiveInt,
  positiveNumber,
  string,
} from '../files/config.js'
import { type ResampleFilter, resampleFilters } from '../ops/resample.js'
import type { CropSpec, ImageSpec, ResizeSpec, Size } from './spec.js'

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
const clip = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] }
const black = [0, 0, 0]

/** Defaults of an image processor of transformers. */
interface Defaults {
  readonly resample: ResampleFilter
  /** The meaning of a size that is one number. */
  readonly size: 'square' | 'shortest'
  readonly crop: boolean
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] }
}

const processors: Record<string, Defaults> = {
  ViT: { resample: 'bilinear', size: 'square', crop: false, normalize: half },
  DeiT: { resample: 'bicubic', size: 'square', crop: true, normalize: imagenet },
  CLIP: { resample: 'bicubic', size: 'shortest', crop: true, normalize: clip },
  Bit: { resample: 'bicubic', size: 'shortest', crop: true, normalize: clip },
  ConvNext: { resample: 'bilinear', size: 'shortest', crop: false, normalize: imagenet },
  Blip: { resample: 'bicubic', size: 'square', crop: false, normalize: clip },
  Siglip: { resample: 'bicubic', size: 'square', crop: false, normalize: half },
  EfficientNet: { resample: 'nearest', size: 'square', crop: false, normalize: imagenet },
  Flava: { resample: 'bicubic', size: 'square', crop: true, normalize: clip },
}

/** From this size on, ConvNeXt resizes without a crop, and does not keep the aspect ratio. */
const convnextSquash = 384

/**
 * Reads preprocessor_config.json of transformers (also of the older feature extractors), or the small configs of timm's
 * create_transform and open_clip's image_transform.
 * @throws CONFIG_INVALID
 */
export function imageSpec(config: Config): ImageSpec {
  if (config.values.library === 'timm') return timmSpec(object(config, 'args'))
  if (config.values.library === 'open_clip') return openClipSpec(object(config, 'args'))
  return transformersSpec(config)
}

function transformersSpec(config: Config): ImageSpec {
  const key = isSet(config, 'image_processor_type') ? 'image_processor_type' : 'feature_extractor_type'
  const kind = string(config, key).replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, '')
  const defaults = Object.hasOwn(processors, kind) ? processors[kind] : undefined
  if (!defaults)
    throw configInvalid(
      config,
      key,
      `one of ${Object.keys(processors)
        .map((name) => `${name}ImageProcessor`)
        .join(', ')}`,
    )
  const { resize, crop } =
    kind === 'ConvNext' ? convnextGeometry(config, defaults) : plainGeometry(config, defaults)
  const normalize = boolean(config, 'do_normalize', true)
    ? {
        mean: perChannel(config, 'image_mean', defaults.normalize.mean),
        std: perChannel(config, 'image_std', defaults.normalize.std),
      }
    : undefined
  const efficientNet = kind === 'EfficientNet'
  const offset = efficientNet && boolean(config, 'rescale_offset', false) ? -1 : 0
  const rescale = boolean(config, 'do_rescale', true)
    ? { scale: positiveNumber(config, 'rescale_factor', 1 / 255), offset }
    : undefined
  // With include_top, EfficientNet divides by the standard deviation a second time.
  const twice = efficientNet && boolean(config, 'include_top', true)
  return {
    resize,
    crop,
    rescale,
    normalize: twice
      ? dividedTwice(normalize, perChannel(config, 'image_std', defaults.normalize.std))
      : normalize,
  }
}

function dividedTwice(normalize: ImageSpec['normalize'], std: readonly number[]): ImageSpec['normalize'] {
  const first = normalize ?? { mean: black, std: [1, 1, 1] }
  return { mean: first.mean, std: first.std.map((value, channel) => value * std[channel]!) }
}

interface Geometry {
  readonly resize: ResizeSpec | undefined
  readonly crop: CropSpec | undefined
}

function plainGeometry(config: Config, defaults: Defaults): Geometry {
  const filter = resampleFilter(config, defaults.resample)
  const resize = boolean(config, 'do_resize', true) ? resizeTo(config, filter, defaults.size) : undefined
  const crop = boolean(config, 'do_center_crop', defaults.crop)
    ? { size: fixedSize(config, 'crop_size', [224, 224]), margin: 'floor' as const, fill: black }
    : undefined
  return { resize, crop }
}

function resizeTo(config: Config, filter: ResampleFilter, number: Defaults['size']): ResizeSpec {
  const size = config.values.size
  if (size === undefined || typeof size === 'number') {
    const length = positiveInt(config, 'size', 224)
    return number === 'square'
      ? { to: 'size', size: [length, length], filter }
      : { to: 'shortest', length, filter }
  }
  if (Array.isArray(size)) return { to: 'size', size: fixedSize(config, 'size', [224, 224]), filter }
  const sizes = object(config, 'size')
  if (isSet(sizes, 'longest_edge'))
    throw configInvalid(sizes, 'longest_edge', 'no such key (it is not supported)')
  if (isSet(sizes, 'shortest_edge'))
    return { to: 'shortest', length: positiveInt(sizes, 'shortest_edge'), filter }
  return { to: 'size', size: [positiveInt(sizes, 'height'), positiveInt(sizes, 'width')], filter }
}

function convnextGeometry(config: Config, defaults: Defaults): Geometry {
  if (!boolean(config, 'do_resize', true)) return { resize: undefined, crop: undefined }
  const filter = resampleFilter(config, defaults.resample)
  const length =
    typeof config.values.size === 'number' || config.values.size === undefined
      ? positiveInt(config, 'size', convnextSquash)
      : positiveInt(object(config, 'size'), 'shortest_edge')
  const size = [length, length] as const
  if (length >= convnextSquash) return { resize: { to: 'size', size, filter }, crop: undefined }
  const cropPct = positiveNumber(config, 'crop_pct', 224 / 256)
  return {
    resize: { to: 'shortest', length: Math.trunc(length / cropPct), filter },
    crop: { size, margin: 'floor', fill: black },
  }
}

function fixedSize(config: Config, key: string, fallback: Size): Size {
  const value = config.values[key]
  if (value === undefined) return fallback
  if (typeof value === 'number') return [positiveInt(config, key), positiveInt(config, key)]
  if (Array.isArray(value) && value.length === 2 && value.every((size) => Number.isInteger(size) && size > 0))
    return value as [number, number]
  const sizes = object(config, key)
  return [positiveInt(sizes, 'height'), positiveInt(sizes, 'width')]
}

function resampleFilter(config: Config, fallback: ResampleFilter): ResampleFilter {
  const code = optional(number, config, 'resample')
  if (code === undefined) return fallback
  const found = Object.entries(resampleFilters).find(([, filter]) => filter === code)
  if (!found) throw configInvalid(config, 'resample', `a filter number of Pillow, 0 to 5`)
  return found[0] as ResampleFilter
}

/** One number for each channel; a single number is for all three. */
function perChannel(config: Config, key: string, fallback: readonly number[]): readonly number[] {
  const value = config.values[key]
  if (value === undefined || value === null) return fallback
  const list = typeof value === 'number' ? [value, value, value] : value
  if (!Array.isArray(list) || list.length !== 3 || list.some((entry) => typeof entry !== 'number'))
    throw configInvalid(config, key, 'three numbers')
  return list
}

/** timm's create_transform for evaluation. A model's pretrained_cfg has the same keys. */
export function timmSpec(config: Config): ImageSpec {
  const input = config.values.input_size
  if (
    !Array.isArray(input) ||
    input.length !== 3 ||
    input.some((size) => !Number.isInteger(size) || size < 1)
  )
    throw configInvalid(config, 'input_size', '[channels, height, width]')
  const size = [input[1], input[2]] as [number, number]
  const filter = oneOf(
    config,
    'interpolation',
    ['bicubic', 'bilinear', 'nearest', 'lanczos', 'box', 'hamming'],
    'bilinear',
  )
  const cropPct = positiveNumber(config, 'crop_pct', 0.875)
  const mode = oneOf(config, 'crop_mode', ['center', 'squash', 'border'], 'center')
  const mean = perChannel(config, 'mean', imagenet.mean)
  const scaled = [Math.floor(size[0] / cropPct), Math.floor(size[1] / cropPct)] as const
  const fill = mode === 'border' ? mean.map((value) => Math.round(255 * value)) : black
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
    normalize: { mean, std: perChannel(config, 'std', imagenet.std) },
  }
}

/** open_clip's image_transform for evaluation. */
function openClipSpec(config: Config): ImageSpec {
  const size = fixedSize(config, 'image_size', [224, 224])
  const filter = oneOf(config, 'interpolation', ['bicubic', 'bilinear'], 'bicubic')
  const mode = oneOf(config, 'resize_mode', ['shortest', 'longest', 'squash'], 'shortest')
  const shortest: ResizeSpec =
    size[0] === size[1] ? { to: 'shortest', length: size[0], filter } : { to: 'cover', box: size, filter }
  const resizes: Record<typeof mode, ResizeSpec> = {
    shortest,
    longest: { to: 'inside', box: size, filter },
    squash: { to: 'size', size, filter },
  }
  return {
    resize: resizes[mode],
    crop: mode === 'squash' ? undefined : { size, margin: 'even', fill: black },
    rescale: { scale: 1 / 255, offset: 0 },
    normalize: { mean: perChannel(config, 'mean', clip.mean), std: perChannel(config, 'std', clip.std) },
  }
}

/** The evaluation transform of torchvision and DINO, whose checkpoints come without a config. */
export function recipeSpec(size: Size, shortest: number, filter: ResampleFilter): ImageSpec {
  return {
    resize: { to: 'shortest', length: shortest, filter },
    crop: { size, margin: 'even', fill: black },
    rescale: { scale: 1 / 255, offset: 0 },
    normalize: imagenet,
  }
}

/** The error for a model without an image processor. */
export function noProcessor(dir: string): SaccadeError {
  const expected = 'preprocessor_config.json, or a config with the options of the image processor'
  return invalid('CONFIG_INVALID', dir, expected, 'neither')
}
