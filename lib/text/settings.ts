import { join } from 'node:path'
import {
  type ClassDefaults,
  classNameOfModel,
  defaultsOf,
  roles,
  type SpecialRole,
} from './class-defaults.js'
import { Json, readJsonIfPresent } from './json.js'
import { type ExtraToken, plainToken, readAddedToken } from './tokenizer-json/added-tokens.js'

export type Side = 'left' | 'right'

/** What tokenizer_config.json and its companions say, with the defaults of the tokenizer's class. */
export interface TokenizerSettings {
  /** Without the suffix Fast: BertTokenizer, MarianTokenizer, ... Empty where no file tells. */
  readonly className: string
  readonly specialTokens: Readonly<Partial<Record<SpecialRole, string>>>
  /** Special tokens that play no part of their own. */
  readonly additionalTokens: readonly string[]
  /** Tokens to find in texts, beside those of tokenizer.json; their ids where a file gives them. */
  readonly addedTokens: readonly (ExtraToken & { readonly id?: number })[]
  /** In tokens; Infinity where there is no limit. */
  readonly modelMaxLength: number
  readonly paddingSide: Side
  readonly truncationSide: Side
  readonly cleanUpTokenizationSpaces: boolean
  readonly modelInputNames: readonly string[]
  /** tokenizer_config.json, or an empty object. */
  readonly config: Json
}

/** Reads the settings of the tokenizer in a folder. Every file is optional; a broken one is TOKENIZER_INVALID. */
export async function readSettings(dir: string): Promise<TokenizerSettings> {
  const path = join(dir, 'tokenizer_config.json')
  const config = (await readJsonIfPresent(path)) ?? new Json({}, path)
  const className = await findClassName(dir, config)
  const defaults = defaultsOf(className)
  // A config that describes its added tokens is complete. Before that, two further files told the rest.
  const complete = config.at('added_tokens_decoder').present
  const map = complete ? undefined : await readJsonIfPresent(join(dir, 'special_tokens_map.json'))
  const added = complete ? undefined : await readJsonIfPresent(join(dir, 'added_tokens.json'))
  const names = config.at('model_input_names')
  const special = readSpecialTokens(config, map, defaults)
  return {
    className,
    ...special,
    addedTokens: collectAddedTokens(config, map, added, special),
    modelMaxLength: readMaxLength(config, defaults),
    paddingSide: readSide(config.at('padding_side')),
    truncationSide: readSide(config.at('truncation_side')),
    cleanUpTokenizationSpaces: config.at('clean_up_tokenization_spaces').boolean(false),
    modelInputNames: names.present
      ? names.list().map((name) => name.string())
      : (defaults.inputs ?? ['input_ids', 'attention_mask']),
    config,
  }
}

async function findClassName(dir: string, config: Json): Promise<string> {
  let name = config.at('tokenizer_class')
  if (!name.present) {
    const model = await readJsonIfPresent(join(dir, 'config.json'), 'CONFIG_INVALID')
    if (model === undefined) return ''
    name = model.at('tokenizer_class')
    if (!name.present) return classNameOfModel(model.at('model_type').string(''))
  }
  return name.string().replace(/Fast$/, '')
}

/** Special tokens are written as strings, or as objects that describe them; null means none. */
function contentOf(json: Json): string {
  return typeof json.value === 'object' && json.present ? json.at('content').string() : json.string('')
}

type SpecialTokens = Pick<TokenizerSettings, 'specialTokens' | 'additionalTokens'>

function readSpecialTokens(config: Json, map: Json | undefined, defaults: ClassDefaults): SpecialTokens {
  const specialTokens: Partial<Record<SpecialRole, string>> = {}
  for (const role of roles) {
    const key = `${role}_token`
    const given = map?.at(key).present ? map.at(key) : config.at(key)
    // A null in the file means: none, whatever the class has.
    const content = given.value === undefined ? defaults.tokens[role] : contentOf(given)
    if (content) specialTokens[role] = content
  }
  const lists = [config, map].map((json) => json?.at('additional_special_tokens').optionalList() ?? [])
  return { specialTokens, additionalTokens: [...new Set(lists.flat().map(contentOf))] }
}

/** Described tokens in the order of their ids, then special tokens of which only the text is known. */
function collectAddedTokens(
  config: Json,
  map: Json | undefined,
  added: Json | undefined,
  { specialTokens, additionalTokens }: SpecialTokens,
): (ExtraToken & { id?: number })[] {
  const special = new Set([...Object.values(specialTokens), ...additionalTokens])
  const tokens = new Map<string, ExtraToken & { id?: number }>()
  for (const [key, entry] of config.at('added_tokens_decoder').members()) {
    const token = readAddedToken(entry)
    const id = new Json(Number(key), `${entry.where}: its id`).count()
    tokens.set(token.content, {
      ...token,
      special: token.special || special.has(token.content),
      id,
      described: true,
    })
  }
  for (const [content, id] of added?.members() ?? [])
    tokens.set(content, { ...plainToken(content, special.has(content)), id: id.count(), described: true })
  for (const [, entry] of map?.members() ?? []) {
    for (const one of Array.isArray(entry.value) ? entry.list() : [entry]) {
      if (typeof one.value !== 'object' || !one.present) continue
      const token = { ...readAddedToken(one), special: true, described: true }
      const id = tokens.get(token.content)?.id
      tokens.set(token.content, id === undefined ? token : { ...token, id })
    }
  }
  for (const content of special)
    if (!tokens.has(content)) tokens.set(content, { ...plainToken(content, true), described: false })
  return [...tokens.values()].sort((a, b) => (a.id ?? Infinity) - (b.id ?? Infinity) || 0)
}

/** Numbers beyond this in model_max_length mean: no limit. */
const largeInteger = 1e20

function readMaxLength(config: Json, defaults: ClassDefaults): number {
  const value = config.at('model_max_length').number(defaults.maxLength ?? Infinity)
  return value > largeInteger ? Infinity : value
}

function readSide(json: Json): Side {
  const side = json.string('right')
  return side === 'left' || side === 'right' ? side : json.fail('left or right')
}
