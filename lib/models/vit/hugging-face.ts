import { SaccadeError } from '../../errors.js'
import {
  boolean,
  type Config,
  isSet,
  nonNegativeInt,
  number,
  object,
  positiveInt,
  positiveNumber,
  sizePair,
  string,
  strings,
} from '../../weights/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { toLibrary } from '../reference.js'
import type { ConfigKind } from '../registry.js'
import type { VitDescription, VitLayout } from './layout.js'
import { type BlockNames, commonNames, type VitNames } from './names.js'
import { gridOf, type HeadSpec, type Size, type VitSpec } from './spec.js'
import type { VitStates } from './vit.js'

/** What tells the model types apart; `prefix` is what classes with a head put before the names of the backbone. */
interface Family {
  readonly className: string
  readonly prefix: string
  readonly dinov2: boolean
  readonly registers: boolean
  readonly distillation: boolean
}

const plain = { dinov2: false, registers: false, distillation: false }
const families: Readonly<Record<string, Family>> = {
  vit: { ...plain, className: 'ViT', prefix: 'vit' },
  deit: { ...plain, className: 'DeiT', prefix: 'deit', distillation: true },
  dinov2: { ...plain, className: 'Dinov2', prefix: 'dinov2', dinov2: true },
  dinov2_with_registers: {
    ...{ ...plain, className: 'Dinov2WithRegisters', prefix: 'dinov2_with_registers' },
    ...{ dinov2: true, registers: true },
  },
}

/** The classes there are, by what comes behind the family's name. */
const kinds = ['Model', 'ForImageClassification', 'ForImageClassificationWithTeacher'] as const
type ClassKind = (typeof kinds)[number]

/** Hugging Face transformers: ViT (also of DINO), DeiT, Dinov2, Dinov2WithRegisters. */
export const huggingFace: VitLayout = {
  library: 'transformers',
  published: Object.keys(families),
  claims: (name) => Object.hasOwn(families, name),

  describe(config, kind, reader): VitDescription {
    const family = families[kind.name]!
    const classKind = classOf(config, kind, family, reader)
    const head = classKind !== 'Model'
    const prefix = reader.has(`${family.prefix}.embeddings.cls_token`) ? `${family.prefix}.` : ''
    const names = {
      ...(family.dinov2 ? dinov2Names(prefix, swiglu(config)) : vitNames(prefix)),
      classifier: classKind === 'ForImageClassificationWithTeacher' ? 'cls_classifier' : 'classifier',
    }
    const pooler = !head && !family.dinov2 && reader.has(`${names.pooler}.weight`)
    reader.ignore(`${prefix}embeddings.mask_token`, 'stands for masked patches, which only pre-training has')
    if (head) reader.ignore(/^(\w+\.)?pooler\.dense\./, 'the classifier reads the class token itself')
    const labels = head ? labelsOf(config) : undefined
    return {
      spec: specOf(config, family, headOf(config, family, classKind, pooler, labels?.length ?? 0)),
      names,
      className: `${family.className}${classKind}`,
      labels,
      interpolates: (call) => call.interpolate_pos_encoding === true,
      publish: (states) => publish(states, classKind, pooler || family.dinov2),
    }
  },
}

function classOf(config: Config, kind: ConfigKind, family: Family, reader: WeightReader): ClassKind {
  const [named] = isSet(config, 'architectures') ? strings(config, 'architectures') : []
  if (named === undefined) {
    if (reader.has('cls_classifier.weight')) return 'ForImageClassificationWithTeacher'
    return reader.has('classifier.weight') ? 'ForImageClassification' : 'Model'
  }
  const found = kinds.find((suffix) => named === `${family.className}${suffix}`)
  const teacherless = found === 'ForImageClassificationWithTeacher' && !family.distillation
  if (found && !teacherless) return found
  const known = kinds.filter(
    (suffix) => family.distillation || suffix !== 'ForImageClassificationWithTeacher',
  )
  throw new SaccadeError(
    'ARCHITECTURE_UNSUPPORTED',
    `${config.file}: the class '${named}' of ${kind.name} is not supported; there are ` +
      known.map((suffix) => family.className + suffix).join(', '),
  )
}

function swiglu(config: Config): boolean {
  return boolean(config, 'use_swiglu_ffn', false)
}

/** Names of the classes by id; configs without id2label have num_labels, or the library's default of two. */
function labelsOf(config: Config): string[] {
  if (!isSet(config, 'id2label'))
    return Array.from({ length: nonNegativeInt(config, 'num_labels', 2) }, (_, id) => `LABEL_${id}`)
  const labels = object(config, 'id2label')
  const ids = Object.keys(labels.values)
  return ids.map((_, id) => string(labels, String(id)))
}

function headOf(
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

/** Defaults are those of the library's config classes, for keys that older versions did not write. */
function specOf(config: Config, { dinov2, registers, distillation }: Family, head: HeadSpec): VitSpec {
  const width = positiveInt(config, 'hidden_size', 768)
  const image = sizePair(config, 'image_size', [224, 224])
  const patch = sizePair(config, 'patch_size', dinov2 && !registers ? [14, 14] : [16, 16])
  const activation = string(config, 'hidden_act', 'gelu')
  const expanded = Math.trunc(width * number(config, 'mlp_ratio', 4))
  const plainMlp = { kind: 'plain', activation, norm: false } as const
  return {
    channels: positiveInt(config, 'num_channels', 3),
    ...{ image, patch, patchBias: true, width },
    accepts: dinov2 ? 'any' : 'on-request',
    prefix: {
      class: true,
      distillation,
      registers: registers ? nonNegativeInt(config, 'num_register_tokens', 4) : 0,
    },
    positions: {
      covers: 'all-but-registers',
      grid: squareOr(gridOf(image, patch)),
      resize: registers ? 'hf-bicubic-antialias' : 'hf-bicubic',
    },
    embeddingNorm: false,
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
    norm: { kind: 'layer', epsilon: positiveNumber(config, 'layer_norm_eps', dinov2 ? 1e-6 : 1e-12) },
    normOrder: 'before',
    layerScale: dinov2,
    finalNorm: true,
    head,
  }
}

/** Two thirds of the width of a plain MLP, rounded up to a multiple of eight. */
function gatedWidth(expanded: number): number {
  return Math.floor((Math.trunc((expanded * 2) / 3) + 7) / 8) * 8
}

/**
 * The library takes any table for that of a square picture when it resizes it. One that cannot be a square, which it
 * refuses to resize, is taken for what it is.
 */
function squareOr(grid: Size): Size {
  const side = Math.round(Math.sqrt(grid[0] * grid[1]))
  return side * side === grid[0] * grid[1] ? [side, side] : grid
}

function backboneNames(prefix: string, block: (layer: string) => Partial<BlockNames>): VitNames {
  return {
    ...commonNames,
    classToken: `${prefix}embeddings.cls_token`,
    distillationToken: `${prefix}embeddings.distillation_token`,
    registers: `${prefix}embeddings.register_tokens`,
    patches: `${prefix}embeddings.patch_embeddings.projection`,
    positions: `${prefix}embeddings.position_embeddings`,
    block(index) {
      const layer = `${prefix}encoder.layer.${index}`
      const own = (name: string) => `${layer}.attention.attention.${name}`
      return {
        ...commonNames.block(index),
        queryKeyValue: [own('query'), own('key'), own('value')],
        projection: `${layer}.attention.output.dense`,
        ...block(layer),
      }
    },
    norm: `${prefix}layernorm`,
    pooler: `${prefix}pooler.dense`,
    distillationClassifier: 'distillation_classifier',
  }
}

function vitNames(prefix: string): VitNames {
  return backboneNames(prefix, (layer) => ({
    attentionNorm: `${layer}.layernorm_before`,
    mlpNorm: `${layer}.layernorm_after`,
    mlpFirst: `${layer}.intermediate.dense`,
    mlpSecond: `${layer}.output.dense`,
  }))
}

function dinov2Names(prefix: string, gated: boolean): VitNames {
  return backboneNames(prefix, (layer) => ({
    attentionNorm: `${layer}.norm1`,
    attentionScale: `${layer}.layer_scale1.lambda1`,
    mlpNorm: `${layer}.norm2`,
    mlpFirst: `${layer}.mlp.${gated ? 'weights_in' : 'fc1'}`,
    mlpSecond: `${layer}.mlp.${gated ? 'weights_out' : 'fc2'}`,
    mlpScale: `${layer}.layer_scale2.lambda1`,
  }))
}

/** Hidden states are those before the final norm; a head without labels passes on what it reads. */
function publish({ states, attentions, last, head }: VitStates, classKind: ClassKind, pooled: boolean) {
  const backbone = classKind === 'Model'
  return toLibrary({
    hiddenStates: states,
    attentions: [...attentions.values()],
    lastHiddenState: backbone ? last : undefined,
    poolerOutput: backbone && pooled ? head.pooled : undefined,
    logits: backbone ? undefined : (head.logits ?? head.pooled),
    clsLogits: head.classLogits,
    distillationLogits: head.distillationLogits,
  })
}
