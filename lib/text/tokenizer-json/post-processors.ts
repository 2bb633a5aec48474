import type { Json } from '../json.js'

/** Token ids with the segment each belongs to (0: the first text, 1: the second). */
export interface Part {
  ids: number[]
  typeIds: number[]
}

/** Puts special tokens around one text or two. */
export interface PostProcessor {
  /** How many special tokens it adds. */
  added(pair: boolean): number
  process(parts: Part[], addSpecialTokens: boolean): Part[]
}

/** Builds a post-processor of tokenizer.json. @throws TOKENIZER_INVALID on a kind that is not known. */
export function createPostProcessor(json: Json): PostProcessor {
  if (!json.present) return plain
  const type = json.at('type').string()
  switch (type) {
    case 'ByteLevel':
      return plain
    case 'TemplateProcessing':
      return template(json)
    case 'BertProcessing':
      return surround(readToken(json.at('cls')), readToken(json.at('sep')), 'bert')
    case 'RobertaProcessing':
      return surround(readToken(json.at('cls')), readToken(json.at('sep')), 'roberta')
    case 'Sequence': {
      const steps = json.at('processors').list().map(createPostProcessor)
      return {
        added: (pair) => steps.reduce((sum, step) => sum + step.added(pair), 0),
        process: (parts, special) => steps.reduce((line, step) => step.process(line, special), parts),
      }
    }
    default:
      return json.at('type').fail('a known post-processor')
  }
}

const plain: PostProcessor = { added: () => 0, process: (parts) => parts }

function special(id: number, typeId: number): Part {
  return { ids: [id], typeIds: [typeId] }
}

function retyped(part: Part, typeId: number): Part {
  return { ids: part.ids, typeIds: part.ids.map(() => typeId) }
}

/** A pair `["[SEP]", 102]`. */
function readToken(json: Json): number {
  json.at(0).string()
  return json.at(1).count()
}

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

type TemplateItem = { text: 0 | 1; typeId: number } | { special: number[]; typeId: number }

function template(json: Json): PostProcessor {
  const single = readTemplate(json, 'single')
  const pair = readTemplate(json, 'pair')
  const count = (items: TemplateItem[]) =>
    items.reduce((sum, item) => sum + ('special' in item ? item.special.length : 0), 0)
  return {
    added: (isPair) => count(isPair ? pair : single),
    process: (parts, addSpecialTokens) =>
      (parts.length > 1 ? pair : single).flatMap((item): Part[] => {
        if ('text' in item) return parts[item.text] ? [retyped(parts[item.text]!, item.typeId)] : []
        if (!addSpecialTokens) return []
        return [{ ids: item.special, typeIds: item.special.map(() => item.typeId) }]
      }),
  }
}

function readTemplate(json: Json, key: 'single' | 'pair'): TemplateItem[] {
  return json
    .at(key)
    .list()
    .map((item): TemplateItem => {
      const sequence = item.at('Sequence')
      if (sequence.present)
        return { text: sequence.at('id').string() === 'A' ? 0 : 1, typeId: sequence.at('type_id').count(0) }
      const token = item.at('SpecialToken')
      const ids = json.at('special_tokens').at(token.at('id').string()).at('ids')
      return { special: ids.list().map((id) => id.count()), typeId: token.at('type_id').count(0) }
    })
}
