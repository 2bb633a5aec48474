import {
  boolean,
  type Config,
  epsilon,
  nonNegativeInt,
  number,
  positiveInt,
  sizePair,
  string,
} from '../../files/config.js'
import { gridOf } from './grid.js'
import type { DecoderSpec, EmbeddingSpec, HeadSpec, Size, VitSpec } from './spec.js'

/** The part of a class name after the family's name. */
export type ClassKind =
  | 'Model'
  | 'ForImageClassification'
  | 'ForImageClassificationWithTeacher'
  | 'ForMaskedImageModeling'

/** Properties of a model type. `prefix` is the prefix of the backbone's names in classes with a head. */
export interface Family {
  readonly className: string
  readonly prefix: string
  readonly kinds: readonly ClassKind[]
  readonly dinov2?: boolean
  readonly registers?: boolean
  readonly distillation?: boolean
}

/** The head of a class. `pooler`: whether a bare model has a pooler. */
export function headOf(
  config: Config,
  family: Family,
  classKind: ClassKind,
  pooler: boolean,
  classes: number,
): HeadSpec {
  const head: HeadSpec = {
    ...{ pooling: 'class', over: 'patches', poolingHidden: 0, norm: false, pooler: undefined, classes },
  }
  if (classKind === 'ForImageClassificationWithTeacher') return { ...head, pooling: 'class-and-distillation' }
  if (classKind === 'ForImageClassification')
    return family.dinov2 ? { ...head, pooling: 'class-beside-mean' } : head
  if (!pooler) return head
  const width = positiveInt(config, 'pooler_output_size', positiveInt(config, 'hidden_size', 768))
  return { ...head, pooler: { width, activation: string(config, 'pooler_act', 'tanh') } }
}

/** The embedding spec of the library's image encoders. Defaults differ between its config classes. */
export function embeddingSpecOf(
  config: Config,
  defaults: { readonly patch: Size; readonly epsilon: number },
): EmbeddingSpec {
  const image = sizePair(config, 'image_size', [224, 224])
  const patch = sizePair(config, 'patch_size', defaults.patch)
  return {
    channels: positiveInt(config, 'num_channels', 3),
    ...{ image, patch, patchBias: true, accepts: 'on-request' },
    prefix: { class: true, distillation: false, registers: 0 },
    positions: { covers: 'all-but-registers', grid: squareOr(gridOf(image, patch)), resize: 'hf-bicubic' },
    ...{ maskToken: false, embeddingNorm: false },
    width: positiveInt(config, 'hidden_size', 768),
    norm: { kind: 'layer', epsilon: epsilon(config, 'layer_norm_eps', defaults.epsilon) },
  }
}

/** Defaults are those of the library's config classes: older versions did not write all keys. */
export function specOf(
  config: Config,
  { dinov2 = false, registers = false, distillation = false }: Family,
): Omit<VitSpec, 'head' | 'maskToken' | 'decoder'> {
  const patch: Size = dinov2 && !registers ? [14, 14] : [16, 16]
  const image = embeddingSpecOf(config, { patch, epsilon: dinov2 ? 1e-6 : 1e-12 })
  const activation = string(config, 'hidden_act', 'gelu')
  const expanded = Math.trunc(image.width * number(config, 'mlp_ratio', 4))
  const plainMlp = { kind: 'plain', activation, norm: false } as const
  return {
    ...image,
    accepts: dinov2 ? 'any' : 'on-request',
    prefix: {
      class: true,
      distillation,
      registers: registers ? nonNegativeInt(config, 'num_register_tokens', 4) : 0,
    },
    positions: { ...image.positions!, resize: registers ? 'hf-bicubic-antialias' : 'hf-bicubic' },
    depth: positiveInt(config, 'num_hidden_layers', 12),
    heads: positiveInt(config, 'num_attention_heads', 12),
    mlp: !dinov2
      ? { ...plainMlp, hidden: positiveInt(config, 'intermediate_size', 3072) }
      : swiglu(config)
        ? { kind: 'gated', hidden: gatedWidth(expanded), activation: 'silu', norm: false }
        : { ...plainMlp, hidden: expanded },
    queryKeyValueBias: boolean(config, 'qkv_bias', true),
    projectionBias: true,
    ...{ queryKeyNorm: false, attentionNorm: false },
    normPlacement: 'pre',
    layerScale: dinov2,
    finalNorm: true,
  }
}

/** Two thirds of the width of a plain MLP, rounded up to a multiple of eight. */
function gatedWidth(expanded: number): number {
  return Math.floor((Math.trunc((expanded * 2) / 3) + 7) / 8) * 8
}

/**
 * When the library resizes a table, it assumes a square grid, and refuses a number of positions that is not a square. So a
 * grid with a square number of patches becomes a square; other grids stay as they are.
 */
function squareOr(grid: Size): Size {
  const side = Math.round(Math.sqrt(grid[0] * grid[1]))
  return side * side === grid[0] * grid[1] ? [side, side] : grid
}

/** The decoder reads the patches alone. transformers 4 read other tokens of a DeiT: the distillation token, and no last patch. */
export function decoderOf(config: Config, { distillation }: Family): DecoderSpec {
  return { stride: positiveInt(config, 'encoder_stride', 16), skip: distillation ? 2 : 1 }
}

/** Whether the MLP of a Dinov2 is gated. */
export function swiglu(config: Config): boolean {
  return boolean(config, 'use_swiglu_ffn', false)
}
