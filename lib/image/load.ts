import { invalid } from '../errors.js'
import { type Config, isSet, object, readConfigIfAny, string } from '../files/config.js'
import { resolveModel } from '../files/folder.js'
import type { HubOptions } from '../files/hub.js'
import { timmSpec } from './config/timm.js'
import { imageSpec, openClipFolderSpec } from './config.js'
import type { ImageSpec } from './spec.js'

/**
 * What the files of a folder say of its image processor, or undefined: `pretrained_cfg` in config.json is timm's; else
 * `image_processor` in processor_config.json, or preprocessor_config.json, or the settings of open_clip.
 * @throws CONFIG_INVALID
 */
export async function specOf(dir: string): Promise<ImageSpec | undefined> {
  const config = await readConfigIfAny(dir, 'config.json')
  if (config && isSet(config, 'pretrained_cfg')) return timmSpec(object(config, 'pretrained_cfg'))
  const modelType = config && isSet(config, 'model_type') ? string(config, 'model_type') : undefined
  const nested = await nestedConfig(dir)
  const processor = nested ?? (await readConfigIfAny(dir, 'preprocessor_config.json'))
  if (processor) return imageSpec(withType(processor, config), modelType)
  const openClip = await readConfigIfAny(dir, 'open_clip_config.json')
  return openClip && openClipFolderSpec(openClip)
}

/** Versions 5 of transformers write the parts of a processor into one file. */
async function nestedConfig(dir: string): Promise<Config | undefined> {
  const config = await readConfigIfAny(dir, 'processor_config.json')
  return config && isSet(config, 'image_processor') ? object(config, 'image_processor') : undefined
}

/** The class can also be named by config.json. */
function withType(processor: Config, config: Config | undefined): Config {
  const named = isSet(processor, 'image_processor_type') || isSet(processor, 'feature_extractor_type')
  if (named || !config || !isSet(config, 'image_processor_type')) return processor
  const type = string(config, 'image_processor_type')
  return { ...processor, values: { ...processor.values, image_processor_type: type } }
}

/** As {@link specOf}, for the folder of a model or its name on the Hub. @throws CONFIG_INVALID if there is none */
export async function loadSpec(model: string | URL, options: HubOptions): Promise<ImageSpec> {
  const { dir } = await resolveModel(model, options, 'settings')
  const spec = await specOf(dir)
  if (!spec) throw noProcessor(dir)
  return spec
}

/** The error for a model without an image processor. */
export function noProcessor(dir: string) {
  const expected = 'preprocessor_config.json, or a config with the options of the image processor'
  return invalid('CONFIG_INVALID', dir, expected, 'neither')
}
