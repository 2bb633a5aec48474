import { snakeCase } from '../case.js'
import { SaccadeError } from '../errors.js'
import { type Config, configInvalid, isSet, object, readConfigIfAny } from '../files/config.js'
import { checkGenerationOptions, type GenerationOptions, generationOptionNames } from './options.js'

/**
 * Reads how a model's folder wants text generated: generation_config.json, or where there is none the same keys in
 * config.json and, for those left out, in its decoder's part.
 * @throws CONFIG_INVALID naming the file and the key, also for keys that would change the result but that we do not know
 */
export async function readGenerationConfig(dir: string): Promise<GenerationOptions> {
  const own = await readConfigIfAny(dir, 'generation_config.json')
  if (own) return readOptions(own)
  const model = await readConfigIfAny(dir, 'config.json')
  if (!model) return {}
  const decoder = ['decoder', 'generator', 'text_config'].find((key) => isSet(model, key))
  return { ...(decoder ? readOptions(object(model, decoder)) : {}), ...readOptions(model) }
}

const fileKeys = new Map(generationOptionNames.map((name) => [snakeCase(name), name]))

/** Keys of transformers that change the result, with the values at which they do not. */
const inert: Readonly<Record<string, unknown>> = {
  constraints: undefined,
  diversity_penalty: 0,
  dola_layers: undefined,
  encoder_no_repeat_ngram_size: 0,
  encoder_repetition_penalty: 1,
  epsilon_cutoff: 0,
  eta_cutoff: 0,
  exponential_decay_length_penalty: undefined,
  force_words_ids: undefined,
  guidance_scale: 1,
  num_beam_groups: 1,
  penalty_alpha: undefined,
  sequence_bias: undefined,
  stop_strings: undefined,
  typical_p: 1,
  watermarking_config: undefined,
}

function readOptions(config: Config): GenerationOptions {
  for (const [key, value] of Object.entries(inert))
    if (isSet(config, key) && config.values[key] !== value)
      throw configInvalid(config, key, 'a way of generating that saccade knows')
  const options: Record<string, unknown> = {}
  for (const [key, name] of fileKeys) if (isSet(config, key)) options[name] = config.values[key]
  // The default of 20 counts from the end of the prompt, and a file that spells it out means the same.
  if (options.maxLength === 20) delete options.maxLength
  try {
    checkGenerationOptions(options)
  } catch (cause) {
    throw new SaccadeError('CONFIG_INVALID', `${config.file}: ${(cause as Error).message}`, { cause })
  }
  return options
}
