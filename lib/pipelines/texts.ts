import { invalid } from '../errors.js'
import { Tensor } from '../tensor/tensor.js'
import type { Tokenizer } from '../text/tokenizer.js'

/** Token ids of a batch as tensors, padded to the longest. @throws TEXT_TOO_LONG naming the text */
export function encodeTexts(
  tokenizer: Tokenizer,
  texts: readonly string[],
  truncation: boolean,
  what: string,
) {
  const batch = tokenizer.call(texts, { padding: texts.length > 1, truncation })
  const lengths = batch.attentionMask.map((mask) => mask.reduce((sum, kept) => sum + kept, 0))
  checkLengths(lengths, tokenizer, what)
  const segments = tokenizer.modelInputNames.includes('token_type_ids')
  return {
    masks: batch.attentionMask,
    inputIds: idTensor(batch.inputIds),
    attentionMask: idTensor(batch.attentionMask),
    ...(segments && { tokenTypeIds: idTensor(batch.tokenTypeIds) }),
  }
}

/** @throws TEXT_TOO_LONG naming a text with more tokens than the tokenizer's limit */
export function checkLengths(lengths: readonly number[], tokenizer: Tokenizer, what: string): void {
  const limit = tokenizer.modelMaxLength
  const index = lengths.findIndex((length) => length > limit)
  if (index >= 0)
    throw invalid(
      'TEXT_TOO_LONG',
      `${what}: text ${index}`,
      `at most ${limit} tokens (see the option truncation)`,
      String(lengths[index]),
    )
}

/** Rows of one length: int64 [rows, length]. */
export function idTensor(rows: readonly (readonly number[])[]): Tensor<'int64'> {
  return Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64') as Tensor<'int64'>
}
