import { type Config, configInvalid, isSet, listGetter, strings } from '../files/config.js'

const integers = listGetter('a whole number', (value): value is number => Number.isSafeInteger(value))

/**
 * Hidden states that a backbone of transformers returns: by number, negative ones from the end, or by name.
 * @param depth number of layers or stages
 * @throws CONFIG_INVALID
 */
export function backboneFeatures(config: Config, depth: number): readonly number[] {
  const names = ['stem', ...Array.from({ length: depth }, (_, layer) => `stage${layer + 1}`)]
  const key = isSet(config, 'out_indices') ? 'out_indices' : 'out_features'
  const numbers =
    key === 'out_indices'
      ? integers(config, key).map((index) => (index < 0 ? index + names.length : index))
      : strings(config, key, [`stage${depth}`]).map((name) => names.indexOf(name))
  const ascending = numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)
  if (!ascending || numbers.some((number) => number < 0 || number > depth))
    throw configInvalid(config, key, `hidden states of the ${depth} layers, in ascending order`)
  return numbers
}
