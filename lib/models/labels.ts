import {
  type Config,
  configInvalid,
  isSet,
  list,
  nonNegativeInt,
  object,
  optional,
  string,
} from '../files/config.js'
import { checkLimit } from '../limits.js'
import { imageNetNames } from './imagenet-names.js'

/**
 * Number of classes by a config of transformers: num_labels, or the entries of id2label, whatever their ids. A config with
 * neither has as many as the checkpoint stores, by default 2.
 * @param stored classes of the stored classifier, if there is one
 * @throws CONFIG_INVALID
 */
export function classCount(config: Config, stored: number | undefined): number {
  return optional(nonNegativeInt, config, 'num_labels') ?? idCount(config) ?? stored ?? 2
}

function idCount(config: Config): number | undefined {
  return isSet(config, 'id2label') ? Object.keys(object(config, 'id2label').values).length : undefined
}

/** transformers 5 drops an id2label of another number of classes than num_labels. */
function dropsIds(config: Config): boolean {
  const count = optional(nonNegativeInt, config, 'num_labels')
  return count !== undefined && !Array.isArray(config.values.id2label) && count !== idCount(config)
}

/**
 * Names of `count` classes: label_names (timm) or id2label (transformers) of the config or of its pretrained_cfg, `labels`
 * in older files of timm. Names may be missing, and ids may be above the number of classes.
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function labelsOf(config: Config, count: number): readonly string[] {
  checkLimit('labels', count, `${config.file}: labels`)
  const names = givenNames(config)
  return Array.from({ length: count }, (_, id) => names?.get(id) ?? unnamedLabel(id))
}

/**
 * The same for a model of timm, which stores no names for the subsets of ImageNet: it knows them by the number of classes.
 * @returns undefined for a model without a classifier
 */
export async function timmLabels(config: Config, count: number): Promise<readonly string[] | undefined> {
  if (count === 0) return undefined
  const known = givenNames(config) ? undefined : await imageNetNames(count)
  return known ?? labelsOf(config, count)
}

/**
 * label_descriptions of a config of timm or of its pretrained_cfg: descriptions by class name.
 * @throws CONFIG_INVALID
 */
export function labelDescriptions(config: Config): ReadonlyMap<string, string> | undefined {
  const part = placesOf(config).find((each) => isSet(each, 'label_descriptions'))
  if (!part) return undefined
  const texts = object(part, 'label_descriptions')
  return new Map(Object.keys(texts.values).map((name) => [name, string(texts, name)]))
}

/** The name that transformers gives to a class without one. */
export function unnamedLabel(id: number): string {
  return `LABEL_${id}`
}

/** Where timm has names: at the root, else in pretrained_cfg. */
function placesOf(config: Config): readonly Config[] {
  return isSet(config, 'pretrained_cfg') ? [config, object(config, 'pretrained_cfg')] : [config]
}

function givenNames(config: Config): ReadonlyMap<number, string> | undefined {
  for (const key of ['label_names', 'id2label', 'labels'])
    for (const part of placesOf(config)) {
      if (!isSet(part, key) || (key === 'id2label' && dropsIds(part))) continue
      return namesById(Array.isArray(part.values[key]) ? list(part, key) : object(part, key))
    }
  return undefined
}

/** Names that are no text, such as numbers, are accepted as in transformers: as they stand in JSON. */
function label(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function namesById(names: Config): ReadonlyMap<number, string> {
  const byId = new Map<number, string>()
  for (const key of Object.keys(names.values)) {
    // What int() of Python reads.
    if (!/^\s*[+-]?\d+\s*$/.test(key)) throw configInvalid(names, key, 'class numbers as keys')
    if (isSet(names, key)) byId.set(Number(key), label(names.values[key]))
  }
  return byId
}
