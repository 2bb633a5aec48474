import { join } from 'node:path'
import {
  boolean,
  type Config,
  configInvalid,
  getter,
  isPositive,
  isSet,
  list,
  listGetter,
  makeConfig,
  number,
  object,
  oneOf,
  optional,
  readConfigIfAny,
  string,
  strings,
} from '../files/config.js'
import {
  type ClassDefaults,
  classNameOfModel,
  defaultsOf,
  roles,
  type SpecialRole,
} from './class-defaults.js'
import { isTokenId, tokenId } from './models/model.js'
import { positionsOf } from './positions.js'
import { type ExtraToken, plainToken, readAddedToken } from './tokenizer-json/added-tokens.js'

const sides = ['left', 'right'] as const
export type Side = (typeof sides)[number]

/** The contents of tokenizer_config.json and the files beside it, with the defaults of the tokenizer's class. */
export interface TokenizerSettings {
  /** Without the suffix Fast: BertTokenizer, MarianTokenizer, ... Empty if no file names it. */
  readonly className: string
  readonly specialTokens: Readonly<Partial<Record<SpecialRole, string>>>
  /** Special tokens without a role. */
  readonly additionalTokens: readonly string[]
  /** Tokens to find in texts, in addition to those of tokenizer.json; with ids if a file has them. */
  readonly addedTokens: readonly (ExtraToken & { readonly id?: number })[]
  /** In tokens: the limit of the tokenizer or of the model's positions, whichever is lower; Infinity if there is none. */
  readonly modelMaxLength: number
  /** Convert texts to lower case first, whatever the tokenizer itself does. */
  readonly lowercase: boolean
  readonly paddingSide: Side
  readonly truncationSide: Side
  readonly cleanUpTokenizationSpaces: boolean
  readonly modelInputNames: readonly string[]
  /** tokenizer_config.json, or an empty object. */
  readonly config: Config
}

/** Settings that a library around the tokenizer has in files of its own. */
export interface TokenizerOverrides {
  /** The maximum number of tokens the model takes, with special ones. */
  readonly modelMaxLength?: number | undefined
  /** Whether texts are put into lower case before all else. Default false. */
  readonly lowercase?: boolean | undefined
}

/** Where the files of a tokenizer are. */
export interface TokenizerSource {
  readonly dir: string
  readonly overrides: TokenizerOverrides | undefined
}

/** Reads the settings of the tokenizer in a folder. Every file is optional; a broken one is TOKENIZER_INVALID. */
export async function readSettings(
  dir: string,
  overrides: TokenizerOverrides = {},
): Promise<TokenizerSettings> {
  const read = (name: string) => readConfigIfAny(dir, name, 'TOKENIZER_INVALID')
  const name = 'tokenizer_config.json'
  const config = (await read(name)) ?? makeConfig(join(dir, name), {}, 'TOKENIZER_INVALID')
  const model = await readConfigIfAny(dir, 'config.json')
  const className = findClassName(config, model)
  const defaults = defaultsOf(className)
  const { modelMaxLength = readMaxLength(config, defaults), lowercase = false } = overrides
  // Older versions wrote two more files instead of added_tokens_decoder.
  const complete = isSet(config, 'added_tokens_decoder')
  const map = complete ? undefined : await read('special_tokens_map.json')
  const added = complete ? undefined : await read('added_tokens.json')
  const special = readSpecialTokens(config, map, defaults)
  return {
    className,
    ...special,
    addedTokens: collectAddedTokens(config, map, added, special),
    modelMaxLength: Math.min(modelMaxLength, model ? positionsOf(model) : Infinity),
    lowercase,
    paddingSide: oneOf(config, 'padding_side', sides, defaults.paddingSide ?? 'right'),
    truncationSide: oneOf(config, 'truncation_side', sides, 'right'),
    cleanUpTokenizationSpaces: boolean(config, 'clean_up_tokenization_spaces', false),
    modelInputNames: strings(config, 'model_input_names', defaults.inputs ?? ['input_ids', 'attention_mask']),
    config,
  }
}

function findClassName(config: Config, model: Config | undefined): string {
  const named =
    optional(string, config, 'tokenizer_class') ?? (model && optional(string, model, 'tokenizer_class'))
  const name = named ?? (model ? classNameOfModel(string(model, 'model_type', '')) : '')
  return name.replace(/Fast$/, '')
}

/** How files write a special token: its text, or an object that describes it. */
type TokenEntry = string | { readonly content: string }

const tokenWords = 'a string, or an object with a string as its content'
const tokenEntry = getter(tokenWords, isTokenEntry)
const tokenEntries = listGetter(tokenWords, isTokenEntry)

function isTokenEntry(value: unknown): value is TokenEntry {
  if (typeof value !== 'object' || value === null) return typeof value === 'string'
  return 'content' in value && typeof value.content === 'string'
}

function contentOf(entry: TokenEntry): string {
  return typeof entry === 'string' ? entry : entry.content
}

type SpecialTokens = Pick<TokenizerSettings, 'specialTokens' | 'additionalTokens'>

function readSpecialTokens(config: Config, map: Config | undefined, defaults: ClassDefaults): SpecialTokens {
  const specialTokens: Partial<Record<SpecialRole, string>> = {}
  for (const role of roles) {
    const key = `${role}_token`
    const given = map && isSet(map, key) ? map : config
    // A null in the file means that there is none, even if the class has a default.
    const fallback = Object.hasOwn(given.values, key) ? '' : defaults.tokens[role]
    const content = contentOf(tokenEntry(given, key, fallback ?? ''))
    if (content) specialTokens[role] = content
  }
  const files = map ? [config, map] : [config]
  const additional = files.flatMap((file) => [
    ...tokenEntries(file, 'additional_special_tokens', []).map(contentOf),
    // As version 5 writes them. Before it, the key was for an object of tokens by role.
    ...(Array.isArray(file.values.extra_special_tokens)
      ? tokenEntries(file, 'extra_special_tokens', []).map(contentOf)
      : []),
  ])
  return { specialTokens, additionalTokens: [...new Set(additional)] }
}

/** Described tokens in the order of their ids, then special tokens whose text alone is known. */
function collectAddedTokens(
  config: Config,
  map: Config | undefined,
  added: Config | undefined,
  { specialTokens, additionalTokens }: SpecialTokens,
): (ExtraToken & { id?: number })[] {
  const special = new Set([...Object.values(specialTokens), ...additionalTokens])
  const tokens = new Map<string, ExtraToken & { id?: number }>()
  const decoder = optional(object, config, 'added_tokens_decoder')
  for (const key of Object.keys(decoder?.values ?? {})) {
    const token = readAddedToken(object(decoder!, key))
    const id = Number(key)
    if (!isTokenId(id)) throw configInvalid(decoder!, key, 'a token id as the key')
    tokens.set(token.content, {
      ...token,
      special: token.special || special.has(token.content),
      id,
      described: true,
    })
  }
  for (const content of Object.keys(added?.values ?? {})) {
    const id = tokenId(added!, content)
    tokens.set(content, { ...plainToken(content, special.has(content)), id, described: true })
  }
  for (const described of map ? describedTokens(map) : []) {
    const token = { ...readAddedToken(described), special: true, described: true }
    const id = tokens.get(token.content)?.id
    tokens.set(token.content, id === undefined ? token : { ...token, id })
  }
  for (const content of special)
    if (!tokens.has(content)) tokens.set(content, { ...plainToken(content, true), described: false })
  return [...tokens.values()].sort((a, b) => (a.id ?? Infinity) - (b.id ?? Infinity) || 0)
}

/** The objects among the members of special_tokens_map.json, and in its lists. */
function describedTokens(map: Config): Config[] {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  const objectsOf = (holder: Config, keys: readonly string[]) =>
    keys.filter((key) => isObject(holder.values[key])).map((key) => object(holder, key))
  return Object.keys(map.values).flatMap((key) => {
    if (!Array.isArray(map.values[key])) return objectsOf(map, [key])
    const items = list(map, key)
    return objectsOf(items, Object.keys(items.values))
  })
}

/** A larger model_max_length means that there is no limit. */
const largeInteger = 1e20

function readMaxLength(config: Config, defaults: ClassDefaults): number {
  const { maxLength } = defaults
  // Before version 4 of the library the key was max_len; classes with a limit of their own do not read it.
  const isOld = maxLength === undefined && !Object.hasOwn(config.values, 'model_max_length')
  const key = isOld ? 'max_len' : 'model_max_length'
  // A null is no limit, even if the class has one.
  const fallback = Object.hasOwn(config.values, key) ? Infinity : (maxLength ?? Infinity)
  const value = number(config, key, fallback)
  if (value > largeInteger) return Infinity
  if (!isPositive(value)) throw configInvalid(config, key, 'a whole number of tokens, 1 or more')
  return value
}
