import {
  type Config,
  configInvalid,
  getter,
  isSet,
  listGetter,
  nonNegativeInt,
  object,
  objects,
  string,
} from '../../files/config.js'
import { isTokenId } from '../models/model.js'

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
      const steps = objects(config, 'processors').map(createPostProcessor)
      return {
        added: (pair) => steps.reduce((sum, step) => sum + step.added(pair), 0),
        process: (parts, special) => steps.reduce((line, step) => step.process(line, special), parts),
      }
    }
    default:
      throw configInvalid(config, 'type', 'a known post-processor')
  }
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
  const single = readTemplate(config, 'single')
  const pair = readTemplate(config, 'pair')
  const count = (items: TemplateItem[]) =>
    items.reduce((sum, item) => sum + ('special' in item ? item.special.length : 0), 0)
  return {
    added: (isPair) => count(isPair ? pair : single),
    process: (parts, addSpecialTokens) =>
      (parts.length > 1 ? pair : single).flatMap((item): Part[] => {
        if ('text' in item) return parts[item.text] ? [retyped(parts[item.text]!, item.typeId)] : []
        if (!addSpecialTokens) return []
        return [{ ids: [...item.special], typeIds: item.special.map(() => item.typeId) }]
      }),
  }
}

function readTemplate(config: Config, key: 'single' | 'pair'): TemplateItem[] {
  return objects(config, key).map((item): TemplateItem => {
    if (isSet(item, 'Sequence')) {
      const sequence = object(item, 'Sequence')
      return { text: string(sequence, 'id') === 'A' ? 0 : 1, typeId: nonNegativeInt(sequence, 'type_id', 0) }
    }
    const special = object(item, 'SpecialToken')
    const described = object(object(config, 'special_tokens'), string(special, 'id'))
    return { special: tokenIds(described, 'ids'), typeId: nonNegativeInt(special, 'type_id', 0) }
  })
}
