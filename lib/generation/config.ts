import { type Config, configInvalid, isSet, object, readConfigIfAny } from '../files/config.js'
import type { GivenOptions } from './options.js'
import { penaltyWithBeams } from './resolve.js'
import { fromLibraryOptions } from './rules.js'

/**
 * Keys of transformers' GenerationConfig that would change the result and that saccade does not have, with the value at
 * which they do not. undefined: they must not be set.
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
 * How a model generates unless told otherwise: generation_config.json, or in older models the same keys of config.json
 * and, for those left out, of its decoder's part. Keys of which GenerationConfig knows no effect are left alone, as
 * transformers does: published files have many. docs/generation.md lists the keys.
 * @throws CONFIG_INVALID naming file and key: for a bad value, and for a key that would change the result
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

function readOptions(config: Config): GivenOptions {
  for (const [key, neutral] of Object.entries(unsupported))
    if (isSet(config, key) && config.values[key] !== neutral)
      throw configInvalid(config, key, `${String(neutral ?? null)}, as saccade has no such option`)
  // The seed is the caller's: transformers has no such key.
  const { seed: _, ...values } = config.values
  const options = fromLibraryOptions(values, (key, _value, expected) => {
    throw configInvalid(config, key, expected)
  })
  const { numBeams, encoderRepetitionPenalty } = options
  if ((numBeams ?? 1) > 1 && (encoderRepetitionPenalty ?? 1) !== 1)
    throw configInvalid(config, 'encoder_repetition_penalty', penaltyWithBeams)
  return options
}

/** In config.json null says nothing. */
function withoutNull(options: GivenOptions): GivenOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null))
}

/** What the first BART models have in place of forced_bos_token_id. */
function forcedStart(config: Config): GivenOptions {
  const forced = config.values.force_bos_token_to_be_generated === true
  return forced
    ? { forcedBosTokenId: fromLibraryOptions({ bos_token_id: config.values.bos_token_id }).bosTokenId }
    : {}
}
