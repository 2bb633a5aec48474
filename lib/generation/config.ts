import { type Config, configInvalid, isSet, nameOf, object, readConfigIfAny } from '../files/config.js'
import type { GivenOptions } from './options.js'
import { fromLibraryOptions } from './rules.js'

/**
 * Keys of transformers' GenerationConfig that change the result and that saccade does not support, with the value that
 * has no effect. undefined: the key must not be set.
 */
const unsupported: Readonly<Record<string, unknown>> = {
  assistant_ensemble_weight: undefined,
  constraints: undefined,
  diversity_penalty: 0,
  dola_layers: undefined,
  force_words_ids: undefined,
  forced_decoder_ids: undefined,
  guidance_scale: 1,
  max_time: undefined,
  num_beam_groups: 1,
  penalty_alpha: 0,
  stop_strings: undefined,
  token_healing: false,
  watermarking_config: undefined,
}

/**
 * The generation options of a model: generation_config.json, or in older models the same keys of config.json, with those
 * of the decoder's section as defaults. Other keys are ignored, as in transformers, because published files have many.
 * docs/generation.md lists the keys.
 * @throws LIMIT_EXCEEDED; CONFIG_INVALID naming file and key, for a bad value and for an unsupported key that changes the result
 */
export async function readGenerationDefaults(dir: string, config: Config): Promise<GivenOptions> {
  const own = await readConfigIfAny(dir, 'generation_config.json')
  if (own) return readOptions(own)
  const part = ['decoder', 'generator', 'text_config'].find((key) => isSet(config, key))
  return {
    ...(part && withoutNull(readOptions(object(config, part)))),
    ...forcedStart(config),
    ...withoutNull(readOptions(config)),
  }
}

/** The options in the keys of a generation_config.json. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function readOptions(config: Config): GivenOptions {
  for (const [key, neutral] of Object.entries(unsupported))
    if (isSet(config, key) && config.values[key] !== neutral)
      throw configInvalid(config, key, `${String(neutral ?? null)}, as saccade has no such option`)
  // `seed` is an option of the caller only: transformers has no such key.
  const { seed: _, ...values } = config.values
  const refuse = (key: string, _value: unknown, expected: string) => {
    throw configInvalid(config, key, expected)
  }
  return fromLibraryOptions(values, refuse, (key) => nameOf(config, key))
}

/** In config.json, unlike in generation_config.json, null means not set. */
function withoutNull(options: GivenOptions): GivenOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null))
}

/** force_bos_token_to_be_generated of the first BART models, which became forced_bos_token_id. */
function forcedStart(config: Config): GivenOptions {
  const forced = config.values.force_bos_token_to_be_generated === true
  return forced
    ? { forcedBosTokenId: fromLibraryOptions({ bos_token_id: config.values.bos_token_id }).bosTokenId }
    : {}
}
