import { type Config, configInvalid, isSet, object, oneOf } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { backboneFeatures } from '../backbone-features.js'
import { bitNames, readBitConfig } from '../bit/hugging-face.js'
import { checkBitSizes } from '../bit/stages.js'
import type { BackboneSpec } from './hybrid.js'

/** The backbone that transformers assumes for a hybrid without a backbone_config, apart from its features. */
const smallBit = {
  ...{ model_type: 'bit', global_padding: 'same', layer_type: 'bottleneck', depths: [3, 4, 9] },
  embedding_dynamic_padding: true,
}

/**
 * Reads the backbone_config of a hybrid of transformers: a BiT up to the last of its features, from which patches are made.
 * @param request features: those of a config without a backbone_config; count: how many the hybrid reads; prefix of the BiT
 * @returns the backbone and the number of each feature: 0 is the stem, 1 the first stage
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function readBitBackbone(
  config: Config,
  request: { readonly features: readonly string[]; readonly count?: number; readonly prefix: string },
  reader: WeightReader,
): Pick<BackboneSpec, 'network' | 'names'> & { readonly features: readonly number[] } {
  const given = isSet(config, 'backbone_config')
    ? object(config, 'backbone_config')
    : { ...config, values: { ...smallBit, out_features: request.features } }
  if (isSet(given, 'model_type')) oneOf(given, 'model_type', ['bit'])
  const whole = readBitConfig(given)
  const features = backboneFeatures(given, whole.stages.length)
  const last = features.at(-1)
  const { count = features.length, prefix } = request
  if (!last || features.length !== count)
    throw configInvalid(given, 'out_features', `${count || 1} features, the last one of a stage`)
  const network = { ...whole, stages: whole.stages.slice(0, last) }
  checkBitSizes(config.file, network)
  const later = whole.stages.flatMap((_, stage) => (stage < last ? [] : [`encoder\\.stages\\.${stage}`]))
  const unread = ['norm', ...later].join('|')
  reader.ignore(
    new RegExp(`^${prefix.replaceAll('.', '\\.')}(${unread})\\.`),
    'behind the features of the backbone',
  )
  return { network, names: bitNames(prefix), features }
}
