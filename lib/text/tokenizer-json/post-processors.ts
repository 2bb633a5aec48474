import {
  type Config,
  configInvalid,
  getter,
  isSet,
  listGetter,
  nameOf,
  nonNegativeInt,
  object,
  objects,
  string,
} from '../../files/config.js'
import { checkLimit } from '../../limits.js'
import { checkGrowth } from '../growth.js'
import { isTokenId } from '../models/model.js'
import { components } from './components.js'

/** Token ids with their segments: 0 for the first text, 1 for the second. */
export interface Part {
  ids: number[]
  typeIds: number[]
}

/** Adds special tokens to one or two texts. */
export interface PostProcessor {
  /** How many special tokens it adds. */
  added(pair: boolean): number
  process(parts: Part[], addSpecialTokens: boolean): Part[]
}

/** Creates a post-processor of tokenizer.json. @throws TOKENIZER_INVALID if its type is unknown */
export function createPostProcessor(config: Config | undefined): PostProcessor {
  if (!config) return plain
  const type = string(config, 'type')
  switch (type) {
    case 'ByteLevel':
      return plain
    case 'TemplateProcessing':
      return template(config)
    case 'BertProcessing':
      return surround(token(config, 'cls')[1], token(config, 'sep')[1], 'bert')
    case 'RobertaProcessing':
      return surround(token(config, 'cls')[1], token(config, 'sep')[1], 'roberta')
    case 'Sequence': {
      const steps = components(config, 'processors', createPostProcessor)
      const what = nameOf(config, 'processors')
      return {
        added: (pair) => steps.reduce((sum, step) => sum + step.added(pair), 0),
        process: (parts, special) =>
          steps.reduce((line, step) => {
            const next = step.process(line, special)
            checkGrowth(tokensOf(next), tokensOf(parts), what)
            return next
          }, parts),
      }
    }
    default:
      throw configInvalid(config, 'type', 'a known post-processor')
  }
}

function tokensOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.ids.length, 0)
}

const plain: PostProcessor = { added: () => 0, process: (parts) => parts }

function special(id: number, typeId: number): Part {
  return { ids: [id], typeIds: [typeId] }
}

function retyped(part: Part, typeId: number): Part {
  return { ids: part.ids, typeIds: part.ids.map(() => typeId) }
}

const token = getter(
  'a pair of a token and its id',
  (value): value is readonly [string, number] =>
    Array.isArray(value) && typeof value[0] === 'string' && isTokenId(value[1]),
)
const tokenIds = listGetter('a token id', isTokenId)

/** BERT: `cls A sep B sep`, B in segment 1. RoBERTa: `cls A sep sep B sep`, all in segment 0. */
function surround(cls: number, sep: number, style: 'bert' | 'roberta'): PostProcessor {
  return {
    added: (pair) => (pair ? (style === 'bert' ? 3 : 4) : 2),
    process: (parts, addSpecialTokens) => {
      const texts = style === 'bert' ? parts : parts.map((part) => retyped(part, 0))
      if (!addSpecialTokens) return texts
      return texts.flatMap((part, i) => {
        if (i === 0) return [special(cls, 0), part, special(sep, 0)]
        return style === 'bert' ? [part, special(sep, 1)] : [special(sep, 0), part, special(sep, 0)]
      })
    },
  }
}

type TemplateItem = { text: 0 | 1; typeId: number } | { special: readonly number[]; typeId: number }

function template(config: Config): PostProcessor {
  const what = nameOf(config, 'single')
  const special = readSpecialTokens(config)
  const single = readTemplate(config, 'single', special)
  const pair = readTemplate(config, 'pair', special)
  const count = (items: TemplateItem[]) =>
    items.reduce((sum, item) => sum + ('special' in item ? item.special.length : 0), 0)
  return {
    added: (isPair) => count(isPair ? pair : single),
    process: (parts, addSpecialTokens) => {
      let length = 0
      const from = tokensOf(parts)
      return (parts.length > 1 ? pair : single).flatMap((item): Part[] => {
        const ids = 'text' in item ? parts[item.text]?.ids : addSpecialTokens ? item.special : undefined
        if (ids === undefined) return []
        length += ids.length
        checkGrowth(length, from, what)
        return [{ ids: [...ids], typeIds: ids.map(() => item.typeId) }]
      })
    },
  }
}

type SpecialTokens = ReadonlyMap<string, readonly number[]>

function readSpecialTokens(config: Config): SpecialTokens {
  const tokens = isSet(config, 'special_tokens') ? object(config, 'special_tokens') : undefined
  if (tokens === undefined) return new Map()
  return new Map(Object.keys(tokens.values).map((name) => [name, tokenIds(object(tokens, name), 'ids')]))
}

function readTemplate(config: Config, key: 'single' | 'pair', tokens: SpecialTokens): TemplateItem[] {
  const items = config.values[key]
  if (Array.isArray(items)) checkLimit('templateParts', items.length, nameOf(config, key))
  return objects(config, key).map((item): TemplateItem => {
    if (isSet(item, 'Sequence')) {
      const sequence = object(item, 'Sequence')
      return { text: string(sequence, 'id') === 'A' ? 0 : 1, typeId: nonNegativeInt(sequence, 'type_id', 0) }
    }
    const special = object(item, 'SpecialToken')
    const ids = tokens.get(string(special, 'id'))
    if (ids === undefined) throw configInvalid(special, 'id', 'a token of special_tokens')
    return { special: ids, typeId: nonNegativeInt(special, 'type_id', 0) }
  })
}
