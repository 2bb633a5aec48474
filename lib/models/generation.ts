import { snakeCase } from '../case.js'
import { type Config, readConfigIfAny } from '../files/config.js'
import { type GenerationOptions, generationOptionNames } from '../generation/options.js'

/** Options of generation by our names; null stands for none, where a default would be something. */
export type GivenOptions = {
  readonly [Name in keyof GenerationOptions]?: GenerationOptions[Name] | null | undefined
}

/** The options of generation among the keys of a Hugging Face file: num_beams becomes numBeams. */
export function fromLibraryOptions(values: Readonly<Record<string, unknown>>): GivenOptions {
  const entries = generationOptionNames.flatMap((name) => {
    const theirs = snakeCase(name)
    return Object.hasOwn(values, theirs) ? [[name, values[theirs]]] : []
  })
  return Object.fromEntries(entries) as GivenOptions
}

/** Options over defaults: undefined leaves the default, null takes it away. */
export function mergeOptions(defaults: GivenOptions, given: GivenOptions): GenerationOptions {
  const said = Object.entries(given).filter(([, value]) => value !== undefined)
  const merged = Object.entries({ ...defaults, ...Object.fromEntries(said) })
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined && value !== null))
}

/** How a model generates unless told otherwise: generation_config.json, or in older models config.json itself. */
export async function readGenerationDefaults(dir: string, config: Config): Promise<GivenOptions> {
  const own = await readConfigIfAny(dir, 'generation_config.json')
  return fromLibraryOptions((own ?? config).values)
}
