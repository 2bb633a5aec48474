import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  number,
  object,
  optional,
  positiveInt,
  positiveNumber,
  string,
} from '../../files/config.js'
import { type ResampleFilter, resampleFilters } from '../../ops/resample.js'
import type { CropSpec, ImageSpec, ResizeSpec } from '../spec.js'
import { classOfModelType, type ProcessorClass, processorClasses } from './classes.js'
import { black, deviations, fixedSize, means } from './values.js'

/** From this size on, ConvNeXt resizes without a crop, and does not keep the aspect ratio. */
const convnextSquash = 384

/**
 * An image processor of transformers (preprocessor_config.json, also of the older feature extractors): the preprocessing
 * of its class with the Pillow backend, which has defaults of its own for absent keys.
 * @param modelType the `model_type` of config.json, for configs that name no class
 * @throws CONFIG_INVALID
 */
export function transformersSpec(config: Config, modelType: string | undefined): ImageSpec {
  const name = className(config, modelType)
  const defaults = processorClasses[name]!
  const { resize, crop, patches } = geometryOf(name, config, defaults)
  const normalizes = flag(config, 'do_normalize', true)
  if (normalizes) for (const key of ['image_mean', 'image_std']) notNull(config, key)
  const std = deviations(config, 'image_std', defaults.normalize.std)
  const mean = means(config, 'image_mean', defaults.normalize.mean)
  const normalize = normalizes ? { mean, std } : undefined
  const efficientNet = name === 'EfficientNet'
  const offset = efficientNet && flag(config, 'rescale_offset', false) ? -1 : 0
  const rescale = flag(config, 'do_rescale', true)
    ? { scale: positiveNumber(config, notNull(config, 'rescale_factor'), 1 / 255), offset }
    : undefined
  // With include_top, EfficientNet divides by the standard deviation a second time.
  const twice = efficientNet && flag(config, 'include_top', true)
  const padTo = name === 'DPT' ? padding(config) : undefined
  const values = { rescale, normalize: twice ? dividedTwice(normalize, std) : normalize }
  const floats = name === 'DINOv3ViT' && resizesFloats(config, { resize, crop, rescale })
  return { resize, crop, patches, ...values, padTo, ...(floats && { floats }) }
}

/**
 * Whether values are resized as floats: the only backend of this processor is torchvision.
 * @throws CONFIG_INVALID for steps that are not supported with it
 */
function resizesFloats(
  config: Config,
  { resize, crop, rescale }: Pick<ImageSpec, 'resize' | 'crop' | 'rescale'>,
): boolean {
  if (crop) throw configInvalid(config, 'do_center_crop', 'false for DINOv3ViTImageProcessor')
  if (!resize) return false
  if (!rescale) throw configInvalid(config, 'do_rescale', 'true for DINOv3ViTImageProcessor')
  if (resize.to !== 'size') throw configInvalid(config, 'size', 'an object with height and width')
  if (!['bilinear', 'bicubic'].includes(resize.filter))
    throw configInvalid(config, 'resample', '2 (bilinear) or 3 (bicubic)')
  return true
}

/** transformers takes null, which is None there, as false; the default is for keys that are absent. */
function flag(config: Config, key: string, fallback: boolean): boolean {
  return config.values[key] === null ? false : boolean(config, key, fallback)
}

/** A key of a value that is needed: null does not stand for the default. */
function notNull(config: Config, key: string): string {
  if (config.values[key] === null) throw configInvalid(config, key, 'a value')
  return key
}

const suffix = /(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/

/** The class, which the config names in one of two keys, or else the model_type implies. */
function className(config: Config, modelType: string | undefined): string {
  const named = ['image_processor_type', 'feature_extractor_type'].find((key) => isSet(config, key))
  const name = named ? string(config, named).replace(suffix, '') : classOfModelType(modelType ?? '')
  if (name !== undefined && Object.hasOwn(processorClasses, name)) return name
  const expected = Object.keys(processorClasses)
    .map((one) => `${one}ImageProcessor`)
    .join(', ')
  const unless = named || modelType ? '' : ', or a config.json with a model_type beside the file'
  throw configInvalid(config, named ?? 'image_processor_type', `one of ${expected}${unless}`)
}

function dividedTwice(normalize: ImageSpec['normalize'], std: readonly number[]): ImageSpec['normalize'] {
  const first = normalize ?? { mean: black, std: [1, 1, 1] }
  return { mean: first.mean, std: first.std.map((value, channel) => value * std[channel]!) }
}

interface Geometry {
  readonly resize: ResizeSpec | undefined
  readonly crop: CropSpec | undefined
  readonly patches?: ImageSpec['patches']
}

/** NaFlex: patches of images of any shape. */
function patchGeometry(config: Config, defaults: ProcessorClass): Geometry {
  const patch = positiveInt(config, notNull(config, 'patch_size'), 16)
  const count = positiveInt(config, notNull(config, 'max_num_patches'), 256)
  const filter = resampleFilter(config, defaults.resample)
  const resize: ResizeSpec = { to: 'patches', patch, count, filter }
  return {
    resize: flag(config, 'do_resize', true) ? resize : undefined,
    crop: undefined,
    patches: { size: patch, count },
  }
}

function geometryOf(name: string, config: Config, defaults: ProcessorClass): Geometry {
  if (name === 'ConvNext') return convnextGeometry(config, defaults)
  if (name === 'Siglip2') return patchGeometry(config, defaults)
  return name === 'DPT' ? dptGeometry(config, defaults) : plainGeometry(config, defaults)
}

/** DPT and Depth Anything: sides that are multiples of a number, in proportion or not. */
function dptGeometry(config: Config, defaults: ProcessorClass): Geometry {
  const { resize, crop } = plainGeometry(config, defaults)
  if (!resize) return { resize, crop }
  if (resize.to !== 'size') throw configInvalid(config, 'size', 'an object with the keys height and width')
  const multiple = positiveInt(config, notNull(config, 'ensure_multiple_of'), 1)
  const keepRatio = flag(config, 'keep_aspect_ratio', false)
  return { resize: { ...resize, to: 'multiples', multiple, keepRatio }, crop }
}

/** Sides are padded only if both keys ask for it. */
function padding(config: Config): number | undefined {
  return flag(config, 'do_pad', false) ? optional(positiveInt, config, 'size_divisor') : undefined
}

function plainGeometry(config: Config, defaults: ProcessorClass): Geometry {
  return {
    resize: flag(config, 'do_resize', true) ? resizeTo(config, defaults) : undefined,
    crop:
      !defaults.neverCrops && flag(config, 'do_center_crop', defaults.crop)
        ? cropTo(config, defaults)
        : undefined,
  }
}

function cropTo(config: Config, { cropSize }: ProcessorClass): CropSpec {
  if (!cropSize && !isSet(config, 'crop_size')) throw configInvalid(config, 'crop_size', 'height and width')
  return {
    size: fixedSize(config, notNull(config, 'crop_size'), cropSize ?? [0, 0]),
    margin: 'floor',
    fill: black,
  }
}

function resizeTo(config: Config, defaults: ProcessorClass): ResizeSpec {
  const filter = resampleFilter(config, defaults.resample)
  if (!isSet(config, notNull(config, 'size'))) {
    const { size } = defaults
    return typeof size === 'number' ? { to: 'shortest', length: size, filter } : { to: 'size', size, filter }
  }
  const size: unknown = config.values.size
  if (Array.isArray(size)) return { to: 'size', size: fixedSize(config, 'size', [0, 0]), filter }
  if (typeof size !== 'number') return resizeToObject(object(config, 'size'), filter)
  const length = positiveInt(config, 'size')
  return flag(config, 'default_to_square', defaults.square)
    ? { to: 'size', size: [length, length], filter }
    : { to: 'shortest', length, filter }
}

/** The objects that transformers accepts have exactly one of these sets of keys. */
function resizeToObject(sizes: Config, filter: ResampleFilter): ResizeSpec {
  const keys = Object.keys(sizes.values).sort().join(' ')
  switch (keys) {
    case 'height width':
      return { to: 'size', size: [positiveInt(sizes, 'height'), positiveInt(sizes, 'width')], filter }
    case 'shortest_edge':
      return { to: 'shortest', length: positiveInt(sizes, 'shortest_edge'), filter }
    case 'longest_edge shortest_edge': {
      const length = positiveInt(sizes, 'shortest_edge')
      return { to: 'bounded', length, longest: positiveInt(sizes, 'longest_edge'), filter }
    }
    case 'max_height max_width':
      return {
        to: 'within',
        box: [positiveInt(sizes, 'max_height'), positiveInt(sizes, 'max_width')],
        filter,
      }
    default:
      throw configInvalid(
        sizes,
        '',
        'an object with the keys height and width, shortest_edge, shortest_edge and longest_edge, or max_height and max_width',
      )
  }
}

function convnextGeometry(config: Config, defaults: ProcessorClass): Geometry {
  const { resize } = plainGeometry(config, defaults)
  const crop = flag(config, 'do_center_crop', false) ? cropTo(config, defaults) : undefined
  if (!resize) return { resize, crop }
  if (resize.to !== 'shortest' && resize.to !== 'bounded')
    throw configInvalid(config, 'size', 'a number, or an object with the key shortest_edge')
  const { length, filter } = resize
  const size = [length, length] as const
  if (length >= convnextSquash) return { resize: { to: 'size', size, filter }, crop }
  if (crop) throw configInvalid(config, 'do_center_crop', `false, or a size of at least ${convnextSquash}`)
  const cropPct = positiveNumber(config, notNull(config, 'crop_pct'), 224 / 256)
  return {
    resize: { to: 'shortest', length: Math.trunc(length / cropPct), filter },
    crop: { size, margin: 'floor', fill: black },
  }
}

function resampleFilter(config: Config, fallback: ResampleFilter): ResampleFilter {
  const code = optional(number, config, notNull(config, 'resample'))
  if (code === undefined) return fallback
  const filters = Object.keys(resampleFilters) as ResampleFilter[]
  const found = filters.find((filter) => resampleFilters[filter] === code)
  if (!found) throw configInvalid(config, 'resample', 'a filter number of Pillow, 0 to 5')
  return found
}
