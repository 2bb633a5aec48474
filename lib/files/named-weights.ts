import { type Config, getter, isSet } from './config.js'
import { isInside } from './hub/name.js'

const weightsName = getter(
  'a *.safetensors or *.safetensors.index.json file inside the folder, the index without a path',
  (value): value is string =>
    typeof value === 'string' &&
    isInside(value) &&
    (value.endsWith('.safetensors') || /^[^/]+\.safetensors\.index\.json$/.test(value)),
)

/**
 * The weights file that a config.json of transformers names: from version 5 on, `transformers_weights` comes before every
 * usual name. Undefined without the key, and for timm's configs, which have their own loader.
 * @throws CONFIG_INVALID, also for a file outside the folder, and for an adapter, which is no whole model
 */
export function namedWeights(config: Config): string | undefined {
  const { model_type: modelType, architecture } = config.values
  const isTimm = typeof modelType !== 'string' && typeof architecture === 'string'
  return isTimm || !isSet(config, 'transformers_weights')
    ? undefined
    : weightsName(config, 'transformers_weights')
}
