import { dirname } from 'node:path'
import { type Config, isSet } from '../files/config.js'
import { recipeSpec } from '../image/config/recipes.js'
import { openClipFolderSpec, timmSpec } from '../image/config.js'
import { noProcessor, specOf } from '../image/load.js'
import { ImageProcessor } from '../image/process.js'
import type { Model } from '../models/model.js'

/** Length of the shorter edge before the crop to 224, for torchvision models that do not resize to 256. */
const torchvisionResizes: Record<string, number> = {
  // The recommended weights (IMAGENET1K_V2; resnext101_64x4d has only these). The older ones resize to 256.
  resnet50: 232,
  resnet101: 232,
  resnet152: 232,
  resnext50_32x4d: 232,
  resnext101_32x8d: 232,
  resnext101_64x4d: 232,
  wide_resnet50_2: 232,
  wide_resnet101_2: 232,
  vit_l_16: 242,
  convnext_tiny: 236,
  convnext_small: 230,
  convnext_base: 232,
  convnext_large: 232,
}

/** The folder of a model's files. */
export function folderOf(model: Model): string {
  return dirname(model.config.file)
}

/**
 * The image processor of a model, from preprocessor_config.json or from the settings that its library publishes.
 * @throws CONFIG_INVALID if neither exists
 */
export async function processorFor(model: Model): Promise<ImageProcessor> {
  const dir = folderOf(model)
  const own = isSet(model.config, 'model_cfg') ? openClipFolderSpec(model.config) : await specOf(dir)
  const spec = own ?? publishedElsewhere(model.config, model)
  if (!spec) throw noProcessor(dir)
  return new ImageProcessor(spec, model.session.threads)
}

/** timm can publish the settings at the top of its config; torchvision and DINO use one recipe for all their models. */
function publishedElsewhere(config: Config, { info }: Model) {
  if (isSet(config, 'input_size')) return timmSpec(config)
  if (typeof config.values.library !== 'string' || !info.imageSize) return undefined
  const [, height, width] = info.imageSize
  const shortest = torchvisionResizes[String(config.values.architecture)] ?? Math.round((height * 256) / 224)
  return recipeSpec(
    [height, width],
    shortest,
    config.values.library === 'torchvision' ? 'bilinear' : 'bicubic',
  )
}
