import { invalid } from '../../errors.js'
import type { VitNames } from '../vit/names.js'
import type { VitSpec } from '../vit/spec.js'

/** All differences between published masked autoencoders. */
export interface MaeSpec {
  /** The encoder, without a head. Its names are those of a vision Transformer. */
  readonly encoder: VitSpec
  /** Part of the patches that is hidden, 0 to 1 (exclusive). */
  readonly maskRatio: number
  /** undefined: an encoder alone. */
  readonly decoder: MaeDecoderSpec | undefined
}

export interface MaeDecoderSpec {
  /** The layers. Their embedding is not used: a decoder reads tokens. */
  readonly layers: VitSpec
  /** Whether the model predicts pixels less the mean of their patch, divided by its deviation (He et al. 2022, table 1d). */
  readonly normalizedPixels: boolean
}

/** Names of all weights in a layout. */
export interface MaeNames {
  readonly encoder: VitNames
  readonly decoder: MaeDecoderNames
}

export interface MaeDecoderNames {
  readonly embedding: string
  readonly maskToken: string
  readonly positions: string
  readonly block: VitNames['block']
  readonly norm: string
  readonly prediction: string
}

/** The spec of the decoder's layers: those of the encoder with other sizes. */
export function decoderLayers(
  encoder: VitSpec,
  sizes: { readonly width: number; readonly depth: number; readonly heads: number; readonly hidden: number },
): VitSpec {
  const { hidden, ...rest } = sizes
  return { ...encoder, ...rest, mlp: { ...encoder.mlp, hidden } }
}

/** Number of patches that the encoder sees, rounded down as in both libraries. */
export function visibleCount(patches: number, maskRatio: number): number {
  return Math.trunc(patches * (1 - maskRatio))
}

/** Checks a mask ratio. @throws CONFIG_INVALID or OPTION_INVALID naming it */
export function checkMaskRatio(ratio: number, what: string, code: 'CONFIG_INVALID' | 'OPTION_INVALID'): void {
  if (!(ratio >= 0 && ratio < 1)) throw invalid(code, what, 'a number from 0 to below 1', String(ratio))
}
