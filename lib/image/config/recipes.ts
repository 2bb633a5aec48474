import { type Config, oneOf } from '../../files/config.js'
import type { ResampleFilter } from '../../ops/resample.js'
import type { ImageSpec, ResizeSpec, Size } from '../spec.js'
import { black, clip, deviations, fixedSize, imagenet, means } from './values.js'

/** open_clip's image_transform for evaluation. @throws CONFIG_INVALID */
export function openClipSpec(config: Config): ImageSpec {
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
