import type { Config } from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import type { WeightReader } from '../../weights/reader.js'
import { type Description, family, type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { describeVit, type VitDescription } from '../vit/layout.js'
import { readVit } from '../vit/read.js'
import { Vit } from '../vit/vit.js'
import { bareTransformer } from './backbone.js'
import { readDepthAnything, readDpt } from './config.js'
import { Dpt, readModules } from './dpt.js'
import type { DepthNames } from './head.js'
import type { DptSpec } from './spec.js'

interface HeadDescription extends Description {
  readonly spec: DptSpec
  /** Names of the convolutions of a depth head. */
  readonly depth: DepthNames
}

/** A model with a neck and a head, or the Transformer alone. */
type DptDescription = HeadDescription | VitDescription

/** DepthAnythingForDepthEstimation of transformers: Depth Anything, versions 1 and 2. */
const depthAnything: Layout<DptDescription> = {
  ...transformers({ depth_anything: 'DepthAnything' }),

  describe({ config }, reader) {
    const spec = readDepthAnything(config, reader)
    return {
      ...{ spec, depth: ['conv1', 'conv2', 'conv3'], className: 'DepthAnythingForDepthEstimation' },
      ...{ tasks: ['depth-estimation'], imageSize: imageSizeOf(spec) },
    }
  },
}

function imageSizeOf({ backbone }: DptSpec): readonly [number, number, number] {
  const { channels, image } =
    backbone.kind === 'vit'
      ? backbone.vit
      : backbone.kind === 'beit'
        ? backbone.beit.embedding
        : backbone.swin
  return [channels, ...image]
}

/** DPTForDepthEstimation, DPTForSemanticSegmentation and DPTModel of transformers. */
const dpt: Layout<DptDescription> = {
  ...transformers({ dpt: 'DPT' }),

  // transformers 5 has a module around some of the names of BeitBackbone.
  checkpoint: () => ({ rename: renameBy([[/^backbone\.beit\./, 'backbone.']]) }),

  describe({ config }, reader) {
    const className = classOf(config, reader)
    if (className === 'DPTModel')
      return describeVit(config.file, { ...bareTransformer(config, reader), className })
    const segments = className === 'DPTForSemanticSegmentation'
    const classes = segments ? classCount(config, reader.shapeOf('head.head.4.weight')?.[0]) : 0
    const spec = readDpt(config, reader, classes)
    reader.ignore(/^auxiliary_head\./, 'a head for training, whose result is in no output')
    return {
      ...{ spec, depth: ['head.0', 'head.2', 'head.4'] },
      className,
      tasks: [segments ? 'image-segmentation' : 'depth-estimation'],
      labels: segments ? labelsOf(config, classes) : undefined,
      imageSize: imageSizeOf(spec),
    }
  },
}

const classNames = ['DPTForDepthEstimation', 'DPTForSemanticSegmentation', 'DPTModel'] as const

/** The class that the config names, else the class whose head is stored. */
function classOf(config: Config, reader: WeightReader): (typeof classNames)[number] {
  const named = libraryClass(config, classNames)
  if (named) return named
  if (reader.has('embeddings.cls_token')) return 'DPTModel'
  return reader.has('head.head.1.running_mean') ? 'DPTForSemanticSegmentation' : 'DPTForDepthEstimation'
}

export const depth = family({
  name: 'dpt',
  layouts: [depthAnything, dpt],
  build: (parts, description, reader) =>
    'depth' in description
      ? new Dpt(parts, description.spec, readModules(reader, description.spec, description.depth))
      : new Vit(parts, description.spec, readVit(reader, description.spec, description.names)),
  reference: async () => (await import('./reference.js')).dptReference,
})
