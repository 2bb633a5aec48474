import { dirname } from 'node:path'
import { imageSpec, noProcessor, recipeSpec, timmSpec } from '../image/config.js'
import { ImageProcessor } from '../image/process.js'
import type { Model } from '../models/model.js'
import { type Config, isSet, object, readConfigIfAny } from '../weights/config.js'

/** Folder of a model's files. */
export function folderOf(model: Model): string {
  return dirname(model.config.file)
}

/**
 * The image processor of a model: its preprocessor_config.json, or what its library publishes instead.
 * @throws CONFIG_INVALID if nothing says how images are prepared
 */
export async function processorFor(model: Model): Promise<ImageProcessor> {
  const dir = folderOf(model)
  const config = await readConfigIfAny(dir, 'preprocessor_config.json')
  const spec = config ? imageSpec(config) : publishedElsewhere(model.config, model)
  if (!spec) throw noProcessor(dir)
  return new ImageProcessor(spec)
}

/** timm keeps it in pretrained_cfg; torchvision and DINO have one recipe for all their models. */
function publishedElsewhere(config: Config, { info }: Model) {
  if (isSet(config, 'pretrained_cfg')) return timmSpec(object(config, 'pretrained_cfg'))
  if (typeof config.values.library !== 'string' || !info.imageSize) return undefined
  const [, height, width] = info.imageSize
  return recipeSpec([height, width], config.values.library === 'torchvision' ? 'bilinear' : 'bicubic')
}
