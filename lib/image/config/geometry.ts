import {
  type Config,
  configInvalid,
  isSet,
  number,
  object,
  optional,
  positiveInt,
  positiveNumber,
} from '../../files/config.js'
import { type ResampleFilter, resampleFilters } from '../../ops/resample.js'
import type { CropSpec, ImageSpec, ResizeSpec } from '../spec.js'
import type { ProcessorClass } from './classes.js'
import { black, fixedSize, flag, notNull } from './values.js'

/** From this size on, ConvNeXt resizes without a crop, and does not keep the aspect ratio. */
const convnextSquash = 384

/** Resize and crop of a processor, and its patches. */
export interface Geometry {
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

/** @throws CONFIG_INVALID */
export function geometryOf(name: string, config: Config, defaults: ProcessorClass): Geometry {
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
