import { type Config, object } from '../files/config.js'
import { openClipFolderSpec, openClipSpec } from './config/recipes.js'
import { timmSpec } from './config/timm.js'
import { transformersSpec } from './config/transformers.js'
import type { ImageSpec } from './spec.js'

export { openClipFolderSpec, timmSpec }

/**
 * Reads preprocessor_config.json of transformers (also of the older feature extractors), or the arguments of timm's
 * create_transform and open_clip's image_transform.
 * @param modelType the `model_type` of config.json, for configs that name no class
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function imageSpec(config: Config, modelType?: string): ImageSpec {
  if (config.values.library === 'timm') return timmSpec(object(config, 'args'))
  if (config.values.library === 'open_clip') return openClipSpec(object(config, 'args'))
  return transformersSpec(config, modelType)
}
