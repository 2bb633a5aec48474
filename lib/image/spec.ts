import { invalid } from '../errors.js'
import type { ResampleFilter } from '../ops/resample.js'

/** What the image processor of a model does, for the configs of all libraries. Steps run in this order. */
export interface ImageSpec {
  readonly resize?: ResizeSpec | undefined
  /**
   * The values are multiplied before the resize, which interpolates float32 without rounding, as torchvision does with
   * tensors (DINOv3). With a scale without offset and a resize to one size by `bilinear` or `bicubic` alone.
   */
  readonly floats?: boolean | undefined
  readonly crop?: CropSpec | undefined
  /**
   * The result is patches, row by row, each with its pixels row by row, padded to `count` (NaFlex). Rows and columns that
   * fill no patch are left out.
   */
  readonly patches?: { readonly size: number; readonly count: number } | undefined
  /** 8-bit values are multiplied by `scale`, then `offset` is added. */
  readonly rescale?: { readonly scale: number; readonly offset: number } | undefined
  /** (value - mean) / std, one number for each channel. */
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined
  /** Zeros around the normalised values, so that the sides are multiples of this number; an odd one is at the end. */
  readonly padTo?: number | undefined
}

/** [height, width] in pixels. */
export type Size = readonly [number, number]

export type ResizeSpec = {
  readonly filter: ResampleFilter
} & (
  | { /** To this size, whatever the aspect ratio. */ readonly to: 'size'; readonly size: Size }
  | {
      /** The shorter edge to this length, the longer one in proportion and rounded down. */ readonly to: 'shortest'
      readonly length: number
    }
  | {
      /** The same, unless the longer edge would be above `longest`: then that one to this length, the shorter one rounded. */ readonly to: 'bounded'
      readonly length: number
      readonly longest: number
    }
  | {
      /** In proportion, rounded down: the largest size inside the box. */ readonly to: 'within'
      readonly box: Size
    }
  | {
      /** As near to the aspect ratio as whole patches come, and as large as at most `count` patches allow. */ readonly to: 'patches'
      readonly patch: number
      readonly count: number
    }
  | {
      /**
       * Each side to the nearest multiple, halves to an even one; with `keepRatio` first by the one of the two factors that is
       * nearer to 1 (DPT).
       */ readonly to: 'multiples'
      readonly size: Size
      readonly multiple: number
      readonly keepRatio: boolean
    }
  | {
      /** In proportion, rounded: the largest size inside the box (`inside`), or the smallest that covers it (`cover`). */ readonly to:
        | 'inside'
        | 'cover'
      readonly box: Size
    }
)

export interface CropSpec {
  readonly size: Size
  /** How an odd margin is halved: transformers rounds down, torchvision, timm and open_clip to even. */
  readonly margin: 'floor' | 'even'
  /** Color around an image that is smaller than the crop, one number for each channel. */
  readonly fill: readonly number[]
}

/** Size of an image after a resize. @throws SHAPE_MISMATCH for a side that is nearest to no pixels */
export function resizedSize([height, width]: Size, spec: ResizeSpec): Size {
  switch (spec.to) {
    case 'size':
      return spec.size
    case 'shortest': {
      const { length } = spec
      const longer = (long: number, short: number) => Math.max(1, Math.trunc((length * long) / short))
      return height <= width ? [length, longer(width, height)] : [longer(height, width), length]
    }
    case 'multiples':
      return multipleSize([height, width], spec)
    case 'bounded':
      return boundedSize([height, width], spec.length, spec.longest)
    case 'within': {
      const scale = Math.min(spec.box[0] / height, spec.box[1] / width)
      return [Math.max(1, Math.trunc(height * scale)), Math.max(1, Math.trunc(width * scale))]
    }
    case 'patches':
      return patchedSize([height, width], spec.patch, spec.count)
    default: {
      const ratios = [height / spec.box[0], width / spec.box[1]] as const
      const ratio = spec.to === 'inside' ? Math.max(...ratios) : Math.min(...ratios)
      return [Math.max(1, roundToEven(height / ratio)), Math.max(1, roundToEven(width / ratio))]
    }
  }
}

/** get_size_with_aspect_ratio of transformers, operation by operation: its roundings are part of the result. */
function boundedSize([height, width]: Size, shortest: number, longest: number): Size {
  const [short, long] = height < width ? [height, width] : [width, height]
  const exact = (long / short) * shortest > longest ? (longest * short) / long : undefined
  const length = exact === undefined ? shortest : roundToEven(exact)
  if (short === length) return [height, width]
  const other = Math.trunc(((exact ?? length) * long) / short)
  return width < height
    ? [Math.max(1, other), Math.max(1, length)]
    : [Math.max(1, length), Math.max(1, other)]
}

/** get_image_size_for_max_num_patches of transformers: its search ends where the scale is known to 1e-5. */
function patchedSize([height, width]: Size, patch: number, count: number): Size {
  const precision = 1e-5
  const scaled = (length: number, scale: number) => Math.max(1, Math.ceil((length * scale) / patch))
  let [low, high] = [precision / 10, 100]
  while (high - low >= precision) {
    const scale = (low + high) / 2
    if (scaled(height, scale) * scaled(width, scale) <= count) low = scale
    else high = scale
  }
  return [scaled(height, low) * patch, scaled(width, low) * patch]
}

/** get_resize_output_image_size of transformers' DPT. */
function multipleSize([height, width]: Size, spec: ResizeSpec & { readonly to: 'multiples' }): Size {
  const { size, multiple, keepRatio } = spec
  const [down, right] = [size[0] / height, size[1] / width]
  const common = Math.abs(1 - right) < Math.abs(1 - down) ? right : down
  const nearest = (length: number, scale: number) => roundToEven((scale * length) / multiple) * multiple
  const resized = [
    nearest(height, keepRatio ? common : down),
    nearest(width, keepRatio ? common : right),
  ] as const
  if (Math.min(...resized) > 0) return resized
  throw invalid(
    'SHAPE_MISMATCH',
    `resize of a picture of ${width}x${height}`,
    `sides that are nearest to ${multiple} pixels or more`,
    `${resized[1]}x${resized[0]}`,
  )
}

/** Where a crop starts on an axis, and the padding before and after if the axis is shorter than the crop. */
export function cropWindow(length: number, size: number, margin: CropSpec['margin']) {
  const half = (length - size) / 2
  if (size <= length)
    return { start: margin === 'floor' ? Math.floor(half) : roundToEven(half), before: 0, after: 0 }
  // An odd row of padding is before the image in transformers, after it in torchvision.
  const before = margin === 'floor' ? Math.ceil(-half) : Math.floor(-half)
  return { start: 0, before, after: size - length - before }
}

/** round() of Python: halves are rounded to even. */
export function roundToEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
