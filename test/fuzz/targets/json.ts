// JSON files: what JSON.parse reads is read as by it, and the getters of configs take or refuse every value.
import { deepStrictEqual } from 'node:assert/strict'
import * as configs from '../../../lib/files/config.js'
import { jsonOf } from '../../../lib/files/read.js'
import { jsonTokens } from '../inputs.js'

export const seeds: readonly Uint8Array[] = [
  '{"a": 1, "b": [1, 2.5, -3e2], "c": {"d": "x\\u00e9\\ud83d\\ude00\\n", "e": null}, "f": true}',
  '\ufeff{"id2label": {"0": "NaN", "1": "b"}, "eps": NaN, "max": Infinity, "min": -Infinity}',
  '[[], {}, "", 0, -0, 1e308, 123456789012345678901234567890]',
  '{"size": [3, 4], "sizes": [[1], [2]], "names": ["a", "b"], "x": {"y": {"z": [{"w": 1}]}}}',
].map((text) => new TextEncoder().encode(text))

export const jsonFrom = 0

export const tokens: readonly string[] = jsonTokens

const { string, boolean, number, positiveNumber, epsilon, positiveInt, nonNegativeInt } = configs
const { positiveInts, strings, sizePair, objects, list, object } = configs
const getters: readonly ((config: configs.Config, key: string) => unknown)[] = [
  ...[string, boolean, number, positiveNumber, epsilon, positiveInt, nonNegativeInt],
  ...[positiveInts, strings, sizePair, objects, list, object],
]

export async function run(bytes: Uint8Array): Promise<void> {
  let expected: unknown
  let isJson = true
  try {
    expected = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    isJson = false
  }
  const value = await jsonOf('config.json', bytes, 'CONFIG_INVALID')
  if (isJson) deepStrictEqual(value, expected)
  const config = await configs.configOf('config.json', bytes)
  for (const key of Object.keys(config.values).slice(0, 8))
    for (const get of getters)
      try {
        get(config, key)
      } catch (error) {
        configs.configInvalid(config, key, String(error))
        if (!isCoded(error)) throw error
      }
}

function isCoded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'CONFIG_INVALID'
}
