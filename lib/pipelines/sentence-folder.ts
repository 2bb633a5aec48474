import { join } from 'node:path'
import { invalid, show } from '../errors.js'
import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  makeConfig,
  nameOf,
  object,
  oneOf,
  optional,
  positiveInt,
  readConfig,
  readConfigIfAny,
  string,
} from '../files/config.js'
import { exists } from '../files/file.js'
import { type ModuleEntry, readModuleList } from '../files/modules.js'
import { checkNames, readDense, readLayerNorm, type SentenceLayer } from './dense.js'
import { type Reduction, reductions } from './pooling.js'

/** A module behind the Transformer of a sentence-transformers folder, in the order of modules.json. */
export type SentenceModule =
  | { readonly kind: 'pooling'; readonly modes: readonly Reduction[]; readonly includePrompt: boolean }
  | { readonly kind: 'layer'; readonly layer: SentenceLayer }
  | { readonly kind: 'normalize' }

/** What a folder of sentence-transformers says on how texts become vectors. */
export interface SentenceFolder {
  readonly modules: readonly SentenceModule[]
  /** Overrides of the tokenizer's own settings. */
  readonly tokenizer: { readonly modelMaxLength?: number; readonly lowercase: boolean }
  /** Texts that are put before the text, by name. */
  readonly prompts: ReadonlyMap<string, string>
  readonly defaultPrompt: string | undefined
  /** Of the vectors that the modules give, the first so many values are kept. undefined: all. */
  readonly truncateDim: number | undefined
}

/** Names of the file with the settings of the Transformer; the library took them from the class, once. */
const transformerFiles = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet']

/**
 * Reads modules.json, sentence_bert_config.json, config_sentence_transformers.json and the folders of the modules.
 * Without modules.json, the library takes the mean of the tokens.
 * @returns undefined for a folder that has none of the first two
 * @throws CONFIG_INVALID naming a module or a setting that is not supported; what openCheckpoint throws
 */
export async function readSentenceFolder(dir: string): Promise<SentenceFolder | undefined> {
  const listed = await exists(join(dir, 'modules.json'))
  const modules = listed ? await readModules(dir) : [mean]
  const transformer = await readTransformer(dir)
  if (!listed && transformer === undefined) return undefined
  const library = await readConfigIfAny(dir, 'config_sentence_transformers.json')
  const maxLength = transformer && optional(positiveInt, transformer, 'max_seq_length')
  return {
    modules,
    tokenizer: {
      ...(maxLength !== undefined && { modelMaxLength: maxLength }),
      lowercase: transformer ? boolean(transformer, 'do_lower_case', false) : false,
    },
    ...readPrompts(library),
    truncateDim: library && optional(positiveInt, library, 'truncate_dim'),
  }
}

const mean: SentenceModule = { kind: 'pooling', modes: ['mean'], includePrompt: true }

async function readTransformer(dir: string): Promise<Config | undefined> {
  for (const name of transformerFiles) {
    const config = await readConfigIfAny(dir, `sentence_${name}_config.json`)
    if (config && isSet(config, 'processing_kwargs'))
      throw configInvalid(config, 'processing_kwargs', 'none (it is not supported)')
    if (config) return config
  }
  return undefined
}

async function readModules(dir: string): Promise<SentenceModule[]> {
  const file = join(dir, 'modules.json')
  const [first, ...rest] = await readModuleList(dir)
  if (first === undefined || className(first.config) !== 'Transformer' || first.folder !== '')
    throw invalid(
      'CONFIG_INVALID',
      file,
      'a Transformer in the folder itself as the first module',
      first ? show(first.config.values) : 'no modules',
    )
  const modules: SentenceModule[] = []
  // Dropout changes nothing but the gradients of training.
  for (const entry of rest)
    if (className(entry.config) !== 'Dropout') modules.push(await readModule(dir, entry))
  if (!modules.some(({ kind }) => kind === 'pooling')) {
    const names = rest.map(({ config }) => className(config))
    throw invalid('CONFIG_INVALID', file, 'a Pooling module', show(names))
  }
  return modules
}

async function readModule(dir: string, entry: ModuleEntry): Promise<SentenceModule> {
  const folder = join(dir, entry.folder)
  switch (className(entry.config)) {
    case 'Pooling':
      return readPooling(await readConfig(folder, 'config.json'))
    case 'Dense':
      return { kind: 'layer', layer: await readDense(folder) }
    case 'LayerNorm':
      return { kind: 'layer', layer: await readLayerNorm(folder) }
    case 'Normalize': {
      const config = await readConfigIfAny(folder, 'config.json')
      if (config) checkNames(config)
      return { kind: 'normalize' }
    }
    default:
      throw configInvalid(
        entry.config,
        'type',
        'Transformer, Pooling, Dense, LayerNorm, Dropout or Normalize of sentence_transformers',
      )
  }
}

/** sentence_transformers.models.Pooling is Pooling; classes of other packages have no short name. */
function className(entry: Config): string {
  const type = string(entry, 'type')
  return type.startsWith('sentence_transformers.') ? type.slice(type.lastIndexOf('.') + 1) : type
}

/** Both the flags of older versions and the key of newer ones; several modes are concatenated in the order of the library. */
function readPooling(config: Config): SentenceModule {
  const includePrompt = boolean(config, 'include_prompt', true)
  const modes = isSet(config, 'pooling_mode') ? namedModes(config) : flaggedModes(config)
  return { kind: 'pooling', modes, includePrompt }
}

function namedModes(config: Config): Reduction[] {
  const value = config.values.pooling_mode
  const list = makeConfig(nameOf(config, 'pooling_mode'), { ...(Array.isArray(value) ? value : [value]) })
  const modes = Object.keys(list.values).map((index) => oneOf(list, index, reductions))
  if (modes.length === 0) throw configInvalid(config, 'pooling_mode', 'at least one mode')
  return modes
}

const flags: readonly (readonly [string, Reduction])[] = [
  ['pooling_mode_cls_token', 'cls'],
  ['pooling_mode_max_tokens', 'max'],
  ['pooling_mode_mean_tokens', 'mean'],
  ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  ['pooling_mode_lasttoken', 'lasttoken'],
]

function flaggedModes(config: Config): Reduction[] {
  const modes = flags.filter(([key]) => boolean(config, key, false)).map(([, mode]) => mode)
  return modes.length > 0 ? modes : ['mean']
}

function readPrompts(config: Config | undefined): Pick<SentenceFolder, 'prompts' | 'defaultPrompt'> {
  const entries = config && isSet(config, 'prompts') ? object(config, 'prompts') : undefined
  const prompts = new Map(
    Object.keys(entries?.values ?? {}).map((name): [string, string] => [name, string(entries!, name)]),
  )
  const name = config && optional(string, config, 'default_prompt_name')
  if (config && name !== undefined && !prompts.has(name))
    throw configInvalid(config, 'default_prompt_name', `one of the prompts ${[...prompts.keys()].join(', ')}`)
  return { prompts, defaultPrompt: name === undefined ? undefined : prompts.get(name) }
}
