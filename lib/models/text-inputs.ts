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

export const textInputNames = ['inputIds', 'attentionMask', 'positionIds'] as const

/** The text inputs, or undefined if there are none. @throws INPUT_INVALID for a mask or positions without token ids */
export function textsOf({
  inputIds,
  attentionMask,
  positionIds,
}: Partial<TextInputs>): TextInputs | undefined {
  if (!inputIds && !attentionMask && !positionIds) return undefined
  requireTensor(inputIds, 'inputIds')
  return { inputIds, attentionMask, positionIds }
}

/**
 * @param limits sizes of the vocabulary and of the position table
 * @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID
 */
export async function checkTexts(
  { inputIds, attentionMask, positionIds }: TextInputs,
  { vocabulary, positions }: { readonly vocabulary: number; readonly positions: number },
): Promise<void> {
  await checkTokens(inputIds, 'inputIds', vocabulary, positions)
  if (attentionMask) checkMask(attentionMask, [inputIds.shape], 'attentionMask')
  if (positionIds) await checkTokenwise(positionIds, 'positionIds', positions, inputIds.shape)
}
