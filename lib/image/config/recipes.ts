import { type Config, getter, isSet, object, oneOf } from '../../files/config.js'
import type { ResampleFilter } from '../../ops/resample.js'
import type { ImageSpec, ResizeSpec, Size } from '../spec.js'
import { black, clip, deviations, fixedSize, imagenet, means } from './values.js'

/**
 * The processor of an open_clip_config.json: preprocess_cfg, with the image size of vision_cfg, which takes precedence in
 * open_clip too.
 * @throws CONFIG_INVALID
 */
export function openClipFolderSpec(config: Config): ImageSpec {
  const model = object(config, 'model_cfg')
  const { image_size = 224 } = object(model, 'vision_cfg').values
  const given = isSet(config, 'preprocess_cfg') ? object(config, 'preprocess_cfg') : { ...config, values: {} }
  oneOf(given, 'mode', ['RGB'], 'RGB')
  return openClipSpec({ ...given, values: { ...given.values, image_size } })
}

const level = getter(
  'a whole number from 0 to 255',
  (value): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255,
)

/** open_clip's image_transform for evaluation. @throws CONFIG_INVALID */
export function openClipSpec(config: Config): ImageSpec {
  const size = fixedSize(config, 'image_size', [224, 224])
  const asked = oneOf(config, 'interpolation', ['bicubic', 'bilinear', 'random'], 'bicubic')
  // A random filter is for training alone.
  const filter = asked === 'random' ? 'bicubic' : asked
  const mode = oneOf(config, 'resize_mode', ['shortest', 'longest', 'squash'], 'shortest')
  const color = level(config, 'fill_color', 0)
  // The crop after a resize of the shorter edge has no color of its own.
  const fill = mode === 'longest' ? [color, color, color] : black
  // open_clip does not pass the interpolation for sizes that are not square; its ResizeKeepRatio is then bicubic.
  const shortest: ResizeSpec =
    size[0] === size[1]
      ? { to: 'shortest', length: size[0], filter }
      : { to: 'cover', box: size, filter: 'bicubic' }
  const resizes: Record<typeof mode, ResizeSpec> = {
    shortest,
    longest: { to: 'inside', box: size, filter },
    squash: { to: 'size', size, filter },
  }
  return {
    resize: resizes[mode],
    crop: mode === 'squash' ? undefined : { size, margin: 'even', fill },
    rescale: { scale: 1 / 255, offset: 0 },
    normalize: { mean: means(config, 'mean', clip.mean), std: deviations(config, 'std', clip.std) },
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
