import type { Config } from '../files/config.js'
import type { WeightReader } from '../weights/reader.js'

/** The name that timm gives to a tensor. What transformers 5 saves of a timm model has a prefix. */
export function timmName(name: string): string {
  return name.replace(/^timm_model\./, '')
}

/**
 * Number of classes of a timm model. The config of TimmWrapperModel of transformers has one too, but no classifier.
 * @param declared by the config
 * @param classifier name of the classifier's module
 */
export function storedClasses(
  config: Config,
  declared: number,
  reader: WeightReader,
  classifier: string,
): number {
  const isBackbone = config.values.model_type === 'timm_wrapper' && !reader.has(`${classifier}.weight`)
  return isBackbone ? 0 : declared
}
