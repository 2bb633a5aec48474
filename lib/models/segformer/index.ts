import type { WeightReader } from '../../weights/reader.js'
import { type Description, family, imageTasks, type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { readSegformerConfig, type SegformerConfig } from './config.js'
import { readModules, type SegformerHeads } from './modules.js'
import { Segformer } from './segformer.js'

const classes = [
  'SegformerModel',
  'SegformerForImageClassification',
  'SegformerForSemanticSegmentation',
] as const
type ClassName = (typeof classes)[number]

interface SegformerDescription extends Description {
  readonly spec: SegformerConfig
  readonly heads: SegformerHeads
  /** Module of the encoder. */
  readonly encoder: string
}

/** SegformerModel, SegformerForImageClassification and SegformerForSemanticSegmentation of transformers. */
const huggingFace: Layout<SegformerDescription> = {
  ...transformers({ segformer: 'Segformer' }),

  describe({ config }, reader) {
    const spec = readSegformerConfig(config)
    const className = libraryClass(config, classes) ?? storedClass(reader)
    const nested = reader.has('segformer.encoder.layer_norm.0.weight')
    const classifier = classifiers[className]
    const count = classifier ? classCount(config, reader.shapeOf(classifier)?.[0]) : 0
    const segments = className === 'SegformerForSemanticSegmentation'
    return {
      ...{ spec, className, encoder: nested ? 'segformer.encoder' : 'encoder' },
      heads: { images: segments ? 0 : count, segments: segments ? count : 0 },
      tasks: segments ? ['image-segmentation'] : imageTasks(count > 0),
      labels: count > 0 ? labelsOf(config, count) : undefined,
    }
  },
}

const classifiers: Readonly<Record<ClassName, string | undefined>> = {
  SegformerModel: undefined,
  SegformerForImageClassification: 'classifier.weight',
  SegformerForSemanticSegmentation: 'decode_head.classifier.weight',
}

function storedClass(reader: WeightReader): ClassName {
  if (reader.has('decode_head.classifier.weight')) return 'SegformerForSemanticSegmentation'
  return reader.has('classifier.weight') ? 'SegformerForImageClassification' : 'SegformerModel'
}

export const segformer = family({
  name: 'segformer',
  layouts: [huggingFace],
  build: (parts, { spec, heads, encoder }, reader) =>
    new Segformer(parts, spec, readModules(reader, reader.scope(encoder), spec, heads)),
  reference: async () => (await import('./reference.js')).segformerReference,
})
