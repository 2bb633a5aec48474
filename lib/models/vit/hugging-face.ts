import type { Config } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { dinov2Names, vitNames } from './hugging-face-names.js'
import { type ClassKind, decoderOf, type Family, headOf, specOf, swiglu } from './hugging-face-spec.js'
import { describeVit, type VitDescription, type VitLayout } from './layout.js'
import { dinov2PublishedName, vitPublishedName } from './transformers-5-names.js'

const common = ['Model', 'ForImageClassification'] as const
const families: Readonly<Record<string, Family>> = {
  vit: { className: 'ViT', prefix: 'vit', kinds: [...common, 'ForMaskedImageModeling'] },
  deit: {
    ...{ className: 'DeiT', prefix: 'deit', distillation: true },
    kinds: [...common, 'ForImageClassificationWithTeacher', 'ForMaskedImageModeling'],
  },
  dinov2: { className: 'Dinov2', prefix: 'dinov2', kinds: common, dinov2: true },
  dinov2_with_registers: {
    ...{ className: 'Dinov2WithRegisters', prefix: 'dinov2_with_registers', kinds: common },
    ...{ dinov2: true, registers: true },
  },
}

/** Hugging Face transformers: ViT (also of DINO), DeiT, Dinov2, Dinov2WithRegisters. */
export const huggingFace: VitLayout = {
  ...transformers(
    Object.fromEntries(Object.entries(families).map(([type, { className }]) => [type, className])),
  ),
  checkpoint: ({ kind }) => ({
    rename: families[kind.name]!.dinov2 ? dinov2PublishedName : vitPublishedName,
  }),

  describe: ({ config, kind }, reader) =>
    describeVit(config.file, describeClass(config, families[kind.name]!, reader)),
}

/** Describes a class of a family, without checks of its spec. @throws CONFIG_INVALID */
export function describeClass(
  config: Config,
  family: Family,
  reader: WeightReader,
): Omit<VitDescription, 'tasks' | 'imageSize'> {
  const { dinov2 = false } = family
  const classKind = classOf(config, family, reader)
  const classifies = classKind.startsWith('ForImageClassification')
  const prefix = reader.has(`${family.prefix}.embeddings.cls_token`) ? `${family.prefix}.` : ''
  const names = {
    ...(dinov2 ? dinov2Names(prefix, mlpOf(config, reader)) : vitNames(prefix)),
    classifier: classKind === 'ForImageClassificationWithTeacher' ? 'cls_classifier' : 'classifier',
  }
  const pooler = classKind === 'Model' && !dinov2 && reader.has(`${names.pooler}.weight`)
  if (classKind !== 'Model') reader.ignore(/^(\w+\.)?pooler\.dense\./, 'classes with a head do not use it')
  const stored = reader.shapeOf(`${names.classifier}.weight`)?.[0]
  const classes = classifies ? classCount(config, stored) : 0
  return {
    spec: {
      ...specOf(config, family),
      maskToken: reader.has(names.maskToken),
      head: headOf(config, family, classKind, pooler, classes),
      decoder: classKind === 'ForMaskedImageModeling' ? decoderOf(config, family) : undefined,
    },
    names,
    className: `${family.className}${classKind}`,
    labels: classes > 0 ? labelsOf(config, classes) : undefined,
  }
}

/** The MLP of a Dinov2. Gate and value are one matrix in published files, and two in the memory of transformers 5. */
function mlpOf(config: Config, reader: WeightReader) {
  if (!swiglu(config)) return 'plain'
  const separate = reader.checkpoint.names().some((name) => name.endsWith('.mlp.gate_proj.weight'))
  return separate ? 'gated-separate' : 'gated'
}

/** The class that the config names, else the class whose head is stored. */
function classOf(config: Config, family: Family, reader: WeightReader): ClassKind {
  const named = libraryClass(
    config,
    family.kinds.map((kind) => family.className + kind),
  )
  const found = family.kinds.find((kind) => named === family.className + kind)
  if (found) return found
  if (reader.has('cls_classifier.weight')) return 'ForImageClassificationWithTeacher'
  if (reader.has('decoder.0.weight')) return 'ForMaskedImageModeling'
  return reader.has('classifier.weight') ? 'ForImageClassification' : 'Model'
}
