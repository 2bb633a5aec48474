import type { TextForm } from '../text-form.js'
import type { BlockNames, VitNames } from '../vit/names.js'
import type { LayerSpec, VitSpec } from '../vit/spec.js'

/** A linear layer of a checkpoint. */
export interface LinearSpec {
  readonly name: string
  readonly width: number
  readonly bias: boolean
  /** Stored as [inputs, outputs]. */
  readonly transposed?: boolean
}

/**
 * The position whose state is the vector of a text: the first, the last, that of the largest id, or the first of one
 * token.
 */
export type TextPooling = 'first' | 'last' | 'largest' | { readonly token: number }

/** Names of a text encoder's weights. */
export interface TextNames {
  readonly words: string
  readonly positions: string
  readonly classToken: string
  block(index: number): BlockNames
  readonly norm: string
}

/** All differences between published text encoders of this family. */
export interface TextSpec extends LayerSpec {
  readonly names: TextNames
  readonly form: TextForm
  readonly vocabulary: number
  /** The longest text, in tokens. */
  readonly positions: number
  readonly causal: boolean
  readonly pooling: TextPooling
  /**
   * A learned token behind each text, whose state is its vector, and the id of padding, which is masked then (CoCa).
   * The norm is after the pooling.
   */
  readonly classToken: { readonly padding: number } | undefined
  /** A linear layer that makes the pooled output (SigLIP). */
  readonly pooler: LinearSpec | undefined
  /** From the pooled output to the shared space. */
  readonly projection: LinearSpec | undefined
}

/** An image encoder of this family: a vision Transformer, and the projection of its pooled output. */
export interface ImageSpec {
  readonly vit: VitSpec
  readonly names: VitNames
  /** The module that has these names; undefined: the checkpoint. Those of the projection are whole. */
  readonly scope: string | undefined
  /**
   * NaFlex (Tschannen et al. 2025, SigLIP 2): images of any shape come as patches, and the square position table is
   * resized for each.
   */
  readonly naflex: boolean
  /** From the pooled output to the shared space: a list for an MLP with GELU. */
  readonly projection: readonly LinearSpec[]
}
