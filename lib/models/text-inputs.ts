import { checkTokens, checkTokenwise, type TokenIds } from '../nn/embedding.js'
import { checkMask, type Mask } from '../nn/mask.js'
import { requireTensor } from '../ops/check.js'

/** A batch of texts. */
export interface TextInputs {
  /** [B, N]. */
  readonly inputIds: TokenIds
  /** [B, N]: 1 keeps a token, 0 is padding. Default: no padding. */
  readonly attentionMask?: Mask | undefined
  /** [B, N] or [1, N]. Default: 0, 1, 2, ... */
  readonly positionIds?: TokenIds | undefined
}

export const textInputNames = ['inputIds', 'attentionMask', 'positionIds'] as const

/** The texts among inputs, or undefined. @throws INPUT_INVALID for a mask or positions without tokens */
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
 * @param limits how many tokens and positions the model knows
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
