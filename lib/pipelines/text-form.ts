import type { TextForm } from '../models/text-form.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Encoding } from '../text/encoding.js'
import type { Tokenizer } from '../text/tokenizer.js'
import { repairText } from './text-repair.js'
import { encodeRows, idTensor } from './texts.js'

/** Texts as a contrastive model takes them. */
export interface FormedTexts {
  readonly inputIds: Tensor<'int64'>
  readonly attentionMask?: Tensor<'int64'>
}

/**
 * Token ids of texts in the form that a model was trained with: cleaned, cut to its length, padded.
 * @param first index of the first text in the caller's list, for errors
 */
export async function formTexts(
  tokenizer: Tokenizer,
  texts: readonly string[],
  form: TextForm,
  signal: AbortSignal | undefined,
  what: string,
  first = 0,
): Promise<FormedTexts> {
  const length = Math.min(form.length, tokenizer.modelMaxLength)
  const cleaned = texts.map((text) => clean(text, form))
  const options = { truncation: true, maxLength: length, signal, first }
  const rows = await encodeRows(tokenizer, cleaned, options, what)
  const longest = rows.reduce((most, { inputIds }) => Math.max(most, inputIds.length), 0)
  const padded = padRows(tokenizer, rows, form, form.padding === 'full' ? form.length : longest)
  const masks = form.mask ?? tokenizer.modelInputNames.includes('attention_mask')
  return {
    inputIds: idTensor(padded.map(({ inputIds }) => inputIds)),
    ...(masks && { attentionMask: idTensor(padded.map(({ attentionMask }) => attentionMask)) }),
  }
}

type Row = Pick<Encoding, 'inputIds' | 'attentionMask'>

function padRows(
  tokenizer: Tokenizer,
  rows: readonly Encoding[],
  { paddingToken, dropSeparator = false }: TextForm,
  length: number,
): readonly Row[] {
  const separator = dropSeparator ? tokenizer.sepTokenId : undefined
  const dropped = rows.map(({ inputIds, ...row }) => ({
    ...row,
    inputIds: separator === undefined ? inputIds : inputIds.map((id) => (id === separator ? 0 : id)),
  }))
  if (paddingToken === undefined) {
    const { inputIds, attentionMask } = tokenizer.pad(dropped, { padding: 'max_length', maxLength: length })
    return inputIds.map((ids, index) => ({ inputIds: ids, attentionMask: attentionMask[index]! }))
  }
  const fill = (ids: readonly number[], by: number) => [
    ...ids,
    ...new Array<number>(length - ids.length).fill(by),
  ]
  return dropped.map(({ inputIds, attentionMask }) => ({
    inputIds: fill(inputIds, paddingToken),
    attentionMask: fill(attentionMask, 0),
  }))
}

const punctuation = /[!-/:-@[-`{-~]/g

/** The functions of open_clip, without its repair of wrongly decoded texts, HTML entities and terminal codes. */
function clean(text: string, { clean }: TextForm): string {
  if (clean === 'none') return text
  const repaired = repairText(text)
  const bare = clean === 'canonicalize' ? repaired.replaceAll('_', ' ').replaceAll(punctuation, '') : repaired
  const spaced = bare.replaceAll(/\s+/g, ' ').trim()
  return clean === 'whitespace' ? spaced : spaced.toLowerCase()
}
