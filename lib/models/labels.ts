import { type Config, configInvalid, getter, isSet, object, strings } from '../files/config.js'

const label = getter(
  'a name',
  (value): value is string | number => typeof value === 'string' || typeof value === 'number',
)

/**
 * Class names by id: label_names of a config or of its pretrained_cfg (timm), or id2label (Hugging Face); undefined if
 * the config has none.
 * @param gaps ids that are missing in id2label are named LABEL_id, or are an error
 * @throws CONFIG_INVALID
 */
export function labelsOf(config: Config, gaps: 'named' | 'refused' = 'named'): readonly string[] | undefined {
  if (Array.isArray(config.values.label_names)) return strings(config, 'label_names')
  if (isSet(config, 'id2label')) return fromIds(object(config, 'id2label'), gaps)
  return isSet(config, 'pretrained_cfg') ? labelsOf(object(config, 'pretrained_cfg')) : undefined
}

/** LABEL_0, LABEL_1, ...: the names that transformers gives to classes without names. */
export function unnamedLabels(count: number): readonly string[] {
  return Array.from({ length: count }, (_, id) => `LABEL_${id}`)
}

function fromIds(names: Config, gaps: 'named' | 'refused'): readonly string[] {
  const ids = Object.keys(names.values)
  for (const id of ids) if (!/^\d{1,6}$/.test(id)) throw configInvalid(names, id, 'class numbers as keys')
  const count = ids.reduce((max, id) => Math.max(max, Number(id) + 1), 0)
  const labels = [...unnamedLabels(count)]
  const named = gaps === 'named' ? ids : Object.keys(labels)
  for (const id of named) labels[Number(id)] = String(label(names, id))
  return labels
}
