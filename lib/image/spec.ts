import type { ResampleFilter } from '../ops/resample.js'

/** What a model's image processor does, whichever library wrote its config. Steps run in this order. */
export interface ImageSpec {
  readonly resize?: ResizeSpec | undefined
  readonly crop?: CropSpec | undefined
  /** 8-bit values times `scale` plus `offset`. */
  readonly rescale?: { readonly scale: number; readonly offset: number } | undefined
  /** (value - mean) / std, a number a channel. */
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined
}

/** [height, width] in pixels. */
export type Size = readonly [number, number]

export type ResizeSpec = {
  readonly filter: ResampleFilter
} & (
  | { /** To this size, whatever the shape of the picture. */ readonly to: 'size'; readonly size: Size }
  | {
      /** The shorter edge to this length, the longer one in proportion, cut off to a whole pixel. */ readonly to: 'shortest'
      readonly length: number
    }
  | {
      /** In proportion, rounded: as large as fits the box (`inside`), or as small as covers it (`cover`). */ readonly to:
        | 'inside'
        | 'cover'
      readonly box: Size
    }
)

export interface CropSpec {
  readonly size: Size
  /** How a library halves an odd margin: transformers rounds down, torchvision, timm and open_clip to even. */
  readonly margin: 'floor' | 'even'
  /** Colour of what a crop larger than the picture adds, a number a channel. */
  readonly fill: readonly number[]
}

/** Size of a picture after a resize. */
export function resizedSize([height, width]: Size, spec: ResizeSpec): Size {
  switch (spec.to) {
    case 'size':
      return spec.size
    case 'shortest': {
      const { length } = spec
      const longer = (long: number, short: number) => Math.max(1, Math.trunc((length * long) / short))
      return height <= width ? [length, longer(width, height)] : [longer(height, width), length]
    }
    default: {
      const ratios = [height / spec.box[0], width / spec.box[1]] as const
      const ratio = spec.to === 'inside' ? Math.max(...ratios) : Math.min(...ratios)
      return [Math.max(1, roundToEven(height / ratio)), Math.max(1, roundToEven(width / ratio))]
    }
  }
}

/** Where a crop begins on an axis, and the fill before and after if the axis is shorter than the crop. */
export function cropPlace(length: number, size: number, margin: CropSpec['margin']) {
  const half = (length - size) / 2
  if (size <= length)
    return { start: margin === 'floor' ? Math.floor(half) : roundToEven(half), before: 0, after: 0 }
  // transformers puts the odd row of fill before the picture, torchvision after it.
  const before = margin === 'floor' ? Math.ceil(-half) : Math.floor(-half)
  return { start: 0, before, after: size - length - before }
}

/** Python's round(): halves go to the even neighbour. */
export function roundToEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
