import type { Config } from '../files/config.js'
import { configInvalid, isSet } from '../files/config.js'

/** Class names by id, from a config's id2label or label_names; undefined where it has none. */
export function labelsOf(config: Config): string[] | undefined {
  const { id2label, label_names: names } = config.values
  if (Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  if (!isSet(config, 'id2label')) return undefined
  if (typeof id2label !== 'object' || Array.isArray(id2label))
    throw configInvalid(config, 'id2label', 'an object of names by id')
  const labels: string[] = []
  for (const [id, label] of Object.entries(id2label as Record<string, unknown>)) {
    if (!/^\d{1,6}$/.test(id))
      throw configInvalid(config, 'id2label', 'an object whose keys are class numbers')
    labels[Number(id)] = String(label)
  }
  return Array.from(labels, (label, id) => label ?? `LABEL_${id}`)
}
