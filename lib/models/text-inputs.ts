import { checkTokens, checkTokenwise, type TokenIds } from '../nn/embedding.js'
import { checkMask, type Mask } from '../nn/mask.js'
import { requireTensor } from '../ops/check.js'

/** A batch of texts. */
export interface TextInputs {
  /** Token ids, [B, N]. */
  readonly inputIds: TokenIds
  /** [B, N]: 1 for tokens, 0 for padding. Default: no padding. */
  readonly attentionMask?: Mask | undefined
  /** Positions of the tokens, [B, N] or [1, N]. Default: 0, 1, 2, ... */
  readonly positionIds?: TokenIds | undefined
}

/** A batch of texts whose tokens have types. */
export interface TypedTextInputs extends TextInputs {
  /** [B, N] or [1, N]: the type of each token, whose embedding is added. Default: 0 in BERT, none in GPT-2. */
  readonly tokenTypeIds?: TokenIds | undefined
}

/** Texts to continue, padded on either side: positions are counted without padding. */
export type TextPrompts = Omit<TextInputs, 'positionIds'>

export const textInputNames = ['inputIds', 'attentionMask', 'positionIds'] as const

/** How many of each a model knows. */
export interface TextLimits {
  readonly vocabulary: number
  readonly positions: number
  readonly tokenTypes?: number
}

/** The texts among inputs, or undefined. @throws INPUT_INVALID for a mask, positions or types without tokens */
export function textsOf({
  inputIds,
  attentionMask,
  positionIds,
  tokenTypeIds,
}: Partial<TypedTextInputs>): TypedTextInputs | undefined {
  const others = { attentionMask, positionIds, tokenTypeIds }
  if ([inputIds, ...Object.values(others)].every((tensor) => tensor === undefined)) return undefined
  requireTensor(inputIds, 'inputIds')
  return { inputIds, ...others }
}

/** @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID */
export async function checkTexts(
  { inputIds, attentionMask, positionIds, tokenTypeIds }: TypedTextInputs,
  { vocabulary, positions, tokenTypes = 0 }: TextLimits,
): Promise<void> {
  await checkTokens(inputIds, 'inputIds', vocabulary, positions)
  const { shape } = inputIds
  if (attentionMask !== undefined) checkMask(attentionMask, [shape], 'attentionMask')
  if (positionIds !== undefined) await checkTokenwise(positionIds, 'positionIds', positions, shape)
  if (tokenTypeIds !== undefined) await checkTokenwise(tokenTypeIds, 'tokenTypeIds', tokenTypes, shape)
}
