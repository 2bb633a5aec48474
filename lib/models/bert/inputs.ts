import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import type { TokenIds } from '../../nn/embedding.js'
import { checkMask, type Mask } from '../../nn/mask.js'
import { requireFloat, requireRank } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import { checkTexts, type TextPrompts, type TypedTextInputs, textInputNames } from '../text-inputs.js'
import type { BertConfig } from './config.js'

/** States of another encoder that a decoder with add_cross_attention attends to. Default: none. */
export interface BertEncoderStates {
  /** float32 [B, S, width]. */
  readonly encoderHiddenStates?: ops.FloatTensor | undefined
  /** [B, S]: 1 keeps a state, 0 is padding. Default: no padding. */
  readonly encoderAttentionMask?: Mask | undefined
}

/** A batch of texts. */
export interface BertInputs extends TypedTextInputs, BertEncoderStates {
  /** [B, N], or [B, N, N] with a row for each query: 1 keeps a token, 0 is padding. Default: no padding. */
  readonly attentionMask?: Mask | undefined
}

/** Texts to continue. */
export interface BertPrompts extends TextPrompts, BertEncoderStates {
  /** Zeros, if given. */
  readonly tokenTypeIds?: TokenIds | undefined
}

const stateNames = ['encoderHiddenStates', 'encoderAttentionMask']
export const inputNames = [...textInputNames, 'tokenTypeIds', ...stateNames]
export const promptNames = ['inputIds', 'attentionMask', 'tokenTypeIds', ...stateNames]

/** @throws what checkTexts throws; INPUT_INVALID for states of an encoder that the model does not attend to */
export async function checkInputs(
  { attentionMask, encoderHiddenStates, encoderAttentionMask, ...texts }: BertInputs,
  config: BertConfig,
): Promise<void> {
  await checkTexts(texts, config)
  const { shape } = texts.inputIds
  if (attentionMask !== undefined) checkMask(attentionMask, [shape, [...shape, shape[1]!]], 'attentionMask')
  if (encoderHiddenStates !== undefined) checkStates(encoderHiddenStates, shape[0]!, config)
  if (encoderAttentionMask === undefined) return
  if (!encoderHiddenStates)
    throw invalid('INPUT_INVALID', 'encoderAttentionMask', 'encoderHiddenStates with it', 'none')
  checkMask(encoderAttentionMask, [encoderHiddenStates.shape.slice(0, 2)], 'encoderAttentionMask')
}

function checkStates(states: ops.FloatTensor, rows: number, { crossAttention, width }: BertConfig): void {
  if (!crossAttention)
    throw invalid(
      'INPUT_INVALID',
      'encoderHiddenStates',
      'none, as the model has no cross-attention',
      'states',
    )
  requireFloat(states, 'encoderHiddenStates')
  const [batch, length, size] = requireRank(states, 3, '[batch, states, width]', 'encoderHiddenStates')
  if (batch !== rows || length === 0 || size !== width)
    throw invalid(
      'SHAPE_MISMATCH',
      'encoderHiddenStates',
      `[${rows}, states, ${width}]`,
      formatShape(states.shape),
    )
}

/** Reshapes texts from [B, choices, N] to [B * choices, N]; the states of another encoder have as many rows already. */
export function flattenChoices(inputs: BertInputs): BertInputs {
  const { encoderHiddenStates, encoderAttentionMask, ...texts } = inputs
  const { shape } = texts.inputIds
  if (shape.length !== 3)
    throw invalid('SHAPE_MISMATCH', 'inputIds', '[batch, choices, tokens]', formatShape(shape))
  const flat = Object.entries(texts).map(([name, tensor]: [string, TokenIds | Mask | undefined]) => {
    const rank3 = tensor?.rank === 3
    return [name, rank3 ? ops.reshape(tensor as TokenIds, [-1, tensor.shape[2]!]) : tensor]
  })
  return { ...Object.fromEntries(flat), encoderHiddenStates, encoderAttentionMask } as BertInputs
}
