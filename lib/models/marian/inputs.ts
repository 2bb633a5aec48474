import { invalid } from '../../errors.js'
import { formatShape } from '../../graph/shape.js'
import { checkTokens, type TokenIds } from '../../nn/embedding.js'
import { checkMask, type Mask } from '../../nn/mask.js'
import { checkInputNames } from '../input-names.js'
import type { MarianConfig } from './config.js'

/** A batch of source texts. */
export interface MarianSource {
  /** [B, S]. */
  readonly inputIds: TokenIds
  /** [B, S]: 1 for tokens, 0 for padding. Default: no padding in run(); generate() masks padding tokens. */
  readonly attentionMask?: Mask | undefined
}

/** Source texts to generate targets for. */
export interface MarianGenerateInputs extends MarianSource {
  /** Targets to continue, [B, T]. Default: the start token. */
  readonly decoderInputIds?: TokenIds | undefined
}

/** Source texts, and targets to score, which start with the start token. */
export interface MarianInputs extends MarianSource {
  /** [B, T]. */
  readonly decoderInputIds: TokenIds
  /** [B, T]: 1 for tokens, 0 for padding. Default: no padding. */
  readonly decoderAttentionMask?: Mask | undefined
}

export const sourceNames = ['inputIds', 'attentionMask']

/** @throws TOKEN_OUT_OF_RANGE, TEXT_TOO_LONG, EMPTY_BATCH, SHAPE_MISMATCH, DTYPE_MISMATCH, INPUT_INVALID, OPTION_UNKNOWN */
export async function checkSource(source: MarianSource, config: MarianConfig): Promise<void> {
  checkInputNames(source, sourceNames, 'Marian')
  await checkText('inputIds', source.inputIds, 'attentionMask', source.attentionMask, {
    vocabulary: config.encoder.vocabulary,
    positions: config.positions,
  })
}

/** Checks sources and targets. @throws as {@link checkSource} */
export async function checkInputs(inputs: MarianInputs, config: MarianConfig): Promise<void> {
  checkInputNames(inputs, [...sourceNames, 'decoderInputIds', 'decoderAttentionMask'], 'Marian')
  const { inputIds, attentionMask, decoderInputIds, decoderAttentionMask } = inputs
  await checkSource({ inputIds, attentionMask }, config)
  await checkText('decoderInputIds', decoderInputIds, 'decoderAttentionMask', decoderAttentionMask, {
    vocabulary: config.decoder.vocabulary,
    positions: config.positions,
  })
  if (decoderInputIds.shape[0] !== inputIds.shape[0])
    throw invalid(
      'SHAPE_MISMATCH',
      'decoderInputIds',
      `the batch size of inputIds ${formatShape(inputIds.shape)}`,
      formatShape(decoderInputIds.shape),
    )
}

async function checkText(
  name: string,
  ids: TokenIds,
  maskName: string,
  mask: Mask | undefined,
  { vocabulary, positions }: { vocabulary: number; positions: number },
): Promise<void> {
  await checkTokens(ids, name, vocabulary, positions)
  if (mask !== undefined) checkMask(mask, [ids.shape], maskName)
}
