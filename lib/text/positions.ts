import { type Config, isSet, nonNegativeInt, number, object, optional, string } from '../files/config.js'

/** Models whose positions begin behind the padding token, so that its row and those before it are not positions. */
const afterPadding = [
  ...[
    'roberta',
    'xlm-roberta',
    'xlm-roberta-xl',
    'camembert',
    'roberta-prelayernorm',
    'xmod',
    'data2vec-text',
  ],
  ...['longformer', 'mpnet', 'ibert', 'luke', 'mluke', 'layoutlmv3', 'lilt', 'esm'],
]

/** Models that have relative positions, and so no limit, in spite of the key. */
const relative = ['xlnet', 'bloom']

/** What a class of the library has where its config leaves the key out. */
const defaults: Readonly<Record<string, number>> = { bert: 512, gpt2: 1024, marian: 1024, clip: 77 }

/**
 * The largest number of tokens that the model of a config.json has positions for; Infinity where it names none. T5's
 * `n_positions` is no such number: its positions are relative.
 * @throws the code of the config for a key with a bad value
 */
export function positionsOf(config: Config): number {
  const type = optional(string, config, 'model_type') ?? ''
  if (relative.includes(type)) return Infinity
  // Models of images and texts have the keys of the text model in an object of their own.
  const text = isSet(config, 'text_config') ? object(config, 'text_config') : config
  const key = isSet(text, 'n_embd') || type === 'gpt2' ? 'n_positions' : 'max_position_embeddings'
  const fallback = Object.hasOwn(defaults, type) ? defaults[type]! : Infinity
  const rows = number(text, isSet(text, key) ? key : 'max_position_embeddings', fallback)
  if (!(rows > 0)) return Infinity
  return afterPadding.includes(type) ? rows - nonNegativeInt(text, 'pad_token_id', 1) - 1 : rows
}
