import { invalid } from '../errors.js'
import { Tensor } from '../tensor/tensor.js'
import type { EncodeOptions, Encoding } from '../text/encoding.js'
import { textName } from '../text/text-name.js'
import type { Tokenizer } from '../text/tokenizer.js'

/** Options of {@link encodeRows}. */
export interface TextOptions extends Pick<EncodeOptions, 'truncation' | 'addSpecialTokens' | 'maxLength'> {
  readonly signal?: AbortSignal | undefined
  /** The index of the first text in the list of the caller, which errors name. */
  readonly first?: number
}

/**
 * Token ids of a batch as tensors, padded to the longest, and its attention mask as lists.
 * @throws TEXT_TOO_LONG naming the text, ABORTED
 */
export async function encodeTexts(
  tokenizer: Tokenizer,
  texts: readonly string[],
  options: TextOptions,
  what: string,
) {
  const rows = await encodeRows(tokenizer, texts, options, what)
  const batch = tokenizer.pad(rows, { padding: texts.length > 1 })
  return {
    masks: batch.attentionMask,
    inputIds: idTensor(batch.inputIds),
    attentionMask: idTensor(batch.attentionMask),
    ...(batch.tokenTypeIds && { tokenTypeIds: idTensor(batch.tokenTypeIds) }),
  }
}

/** The encodings of texts, without padding. @throws TEXT_TOO_LONG naming the text, ABORTED */
export async function encodeRows(
  tokenizer: Tokenizer,
  texts: readonly string[],
  { signal, first = 0, ...options }: TextOptions,
  what: string,
): Promise<Encoding[]> {
  // Imported here, so that a program without texts starts without it.
  const { encodeAll } = await import('../text/background.js')
  const rows = await encodeAll(tokenizer, texts, options, signal, first)
  const limit = tokenizer.modelMaxLength
  const index = rows.findIndex(({ inputIds }) => inputIds.length > limit)
  if (index < 0) return rows
  throw invalid(
    'TEXT_TOO_LONG',
    `${what}: ${textName(first + index, texts.length)}`,
    `at most ${limit} tokens (see the option truncation)`,
    String(rows[index]!.inputIds.length),
  )
}

/** Rows of one length: int64 [rows, length]. */
export function idTensor(rows: readonly (readonly number[])[]): Tensor<'int64'> {
  return Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64') as Tensor<'int64'>
}
