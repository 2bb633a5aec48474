import {
  boolean,
  type Config,
  configInvalid,
  isPositive,
  isSet,
  object,
  positiveInt,
} from '../../files/config.js'
import type { Size } from '../spec.js'

export const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
export const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }
export const clip = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
}
export const black = [0, 0, 0]

/** A mean for each channel; a single number is for all three. */
export function means(config: Config, key: string, fallback: readonly number[]): readonly number[] {
  return perChannel(config, key, fallback, 'three numbers', () => true)
}

/** A standard deviation for each channel. Division by 0 would give infinities. */
export function deviations(config: Config, key: string, fallback: readonly number[]): readonly number[] {
  return perChannel(config, key, fallback, 'three numbers, none of them 0', (value) => value !== 0)
}

function perChannel(
  config: Config,
  key: string,
  fallback: readonly number[],
  expected: string,
  accepts: (value: number) => boolean,
): readonly number[] {
  if (!isSet(config, key)) return fallback
  const value = config.values[key]
  const list: readonly unknown[] = Array.isArray(value) ? value : [value, value, value]
  const numbers = list.filter(
    (entry): entry is number => typeof entry === 'number' && Number.isFinite(entry) && accepts(entry),
  )
  if (list.length !== 3 || numbers.length !== 3) throw configInvalid(config, key, expected)
  return numbers
}

/** A height and width, as one number, a list, or an object. */
export function fixedSize(config: Config, key: string, fallback: Size): Size {
  if (!isSet(config, key)) return fallback
  const value: unknown = config.values[key]
  if (typeof value === 'number') return [positiveInt(config, key), positiveInt(config, key)]
  if (Array.isArray(value)) {
    const [height, width]: readonly unknown[] = value
    if (value.length === 2 && isPositive(height) && isPositive(width)) return [height, width]
    throw configInvalid(config, key, 'height and width, whole numbers above 0')
  }
  const sizes = object(config, key)
  return [positiveInt(sizes, 'height'), positiveInt(sizes, 'width')]
}

/** transformers takes null, which is None there, as false; the default is for keys that are absent. */
export function flag(config: Config, key: string, fallback: boolean): boolean {
  return config.values[key] === null ? false : boolean(config, key, fallback)
}

/** A key of a value that is needed: null does not stand for the default. */
export function notNull(config: Config, key: string): string {
  if (config.values[key] === null) throw configInvalid(config, key, 'a value')
  return key
}
