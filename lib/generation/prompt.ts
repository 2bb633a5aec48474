import { invalid } from '../errors.js'
import type { TokenIds } from '../nn/embedding.js'
import type { Mask } from '../nn/mask.js'
import * as ops from '../ops/index.js'
import { optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Prompt } from './decoder.js'
import type { GenerationOptions } from './options.js'
import { checkVocabulary } from './resolve.js'

/**
 * The mask of texts passed without one. As in transformers' generate(), padding tokens are masked, unless the padding
 * token is also an end token.
 * @param ids [B, N]
 */
export function impliedMask(ids: TokenIds, { padTokenId, eosTokenId }: GenerationOptions): Mask | undefined {
  if (padTokenId === undefined || [eosTokenId].flat().includes(padTokenId)) return undefined
  return ops.notEqual(ops.cast(ids as Tensor, 'int32') as Tensor<'int32'>, padTokenId)
}

/** Token ids [B, N] without padding. @param mask [B, N], 0 for padding; left out: no padding */
export async function unpaddedIds(ids: TokenIds, mask: Mask | undefined): Promise<Int32Array[]> {
  const kept = await mask?.data()
  const rows = await idRows(ids)
  if (!kept) return rows
  const length = ids.shape[1]!
  return rows.map((row, index) => row.filter((_, position) => Number(kept[index * length + position]) !== 0))
}

/** The prompt of a decoder-only model: texts to continue, padded on either side. @throws INPUT_INVALID */
export async function textPrompt(
  ids: TokenIds,
  mask: Mask | undefined,
  options: GenerationOptions,
): Promise<Prompt> {
  const prompts = await unpaddedIds(ids, mask ?? impliedMask(ids, options))
  const empty = prompts.findIndex(({ length }) => length === 0)
  if (empty >= 0)
    throw invalid('INPUT_INVALID', `inputIds: row ${empty}`, 'a token to continue', 'padding only')
  return { ids: prompts, given: await idRows(ids) }
}

/**
 * The prompt of an encoder-decoder: the start token, or targets to continue.
 * @param targets [sources, N]; the start token is prepended if no row starts with it
 * @throws OPTION_INVALID if the options have no start token, TOKEN_OUT_OF_RANGE
 */
export async function targetPrompt(
  sources: number,
  options: GenerationOptions,
  vocabSize: number,
  targets?: TokenIds,
): Promise<Prompt> {
  const start = options.decoderStartTokenId ?? options.bosTokenId
  if (start === undefined) return optionInvalid('decoderStartTokenId', start, 'a token id (or bosTokenId)')
  checkVocabulary('decoderStartTokenId', [start], { vocabSize })
  if (!targets) return { ids: Array.from({ length: sources }, () => Int32Array.of(start)) }
  const rows = await idRows(targets)
  if (rows.some((row) => row[0] === start)) return { ids: rows }
  return { ids: rows.map((row) => Int32Array.of(start, ...row)) }
}

async function idRows(ids: TokenIds): Promise<Int32Array[]> {
  const [rows, length] = ids.shape as readonly number[] as [number, number]
  const data = Int32Array.from(await ids.data(), Number)
  return Array.from({ length: rows }, (_, row) => data.slice(row * length, (row + 1) * length))
}
