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
 * The mask of texts that came without one: transformers' generate() takes padding tokens for padding, unless texts end
 * with them.
 * @param ids [B, N]
 */
export function impliedMask(ids: TokenIds, { padTokenId, eosTokenId }: GenerationOptions): Mask | undefined {
  if (padTokenId === undefined || [eosTokenId].flat().includes(padTokenId)) return undefined
  return ops.notEqual(ops.cast(ids as Tensor, 'int32') as Tensor<'int32'>, padTokenId)
}

/** Token ids [B, N] without padding. @param mask [B, N], not 0 where a token is kept; left out: everywhere */
export async function unpaddedIds(ids: TokenIds, mask: Mask | undefined): Promise<Int32Array[]> {
  const kept = await mask?.data()
  const rows = await idRows(ids)
  if (!kept) return rows
  const length = ids.shape[1]!
  return rows.map((row, index) => row.filter((_, place) => Number(kept[index * length + place]) !== 0))
}

/** The prompt of a decoder-only model: texts to continue, padded on whichever side. @throws INPUT_INVALID */
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
 * The prompt of an encoder-decoder: the token that targets start with, or targets to continue.
 * @param targets [sources, N]; without the start token they get it
 * @throws OPTION_INVALID where options name no token to start with, TOKEN_OUT_OF_RANGE
 */
export async function targetPrompt(
  sources: number,
  options: GenerationOptions,
  vocabSize: number,
  targets?: TokenIds,
): Promise<Prompt> {
  const start = options.decoderStartTokenId ?? options.bosTokenId
  if (start === undefined)
    return optionInvalid('decoderStartTokenId', start, 'a token to start with, or a bosTokenId')
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
