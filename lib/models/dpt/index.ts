import type { Config } from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import type { WeightReader } from '../../weights/reader.js'
import { type Description, family, type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { readDepthAnything, readDpt } from './config.js'
import { Dpt, readModules } from './dpt.js'
import type { DepthNames } from './head.js'
import type { DptSpec } from './spec.js'

interface DptDescription extends Description {
  readonly spec: DptSpec
  /** Names of the convolutions of a depth head. */
  readonly depth: DepthNames
}

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

/** DPTForDepthEstimation and DPTForSemanticSegmentation of transformers. */
const dpt: Layout<DptDescription> = {
  ...transformers({ dpt: 'DPT' }),

  // transformers 5 has a module around some of the names of BeitBackbone.
  checkpoint: () => ({ rename: renameBy([[/^backbone\.beit\./, 'backbone.']]) }),

  describe({ config }, reader) {
    const segments = isSegmentation(config, reader)
    const classes = segments ? classCount(config, reader.shapeOf('head.head.4.weight')?.[0]) : 0
    const spec = readDpt(config, reader, classes)
    reader.ignore(/^auxiliary_head\./, 'a head for training, whose result is in no output')
    return {
      ...{ spec, depth: ['head.0', 'head.2', 'head.4'] },
      className: segments ? 'DPTForSemanticSegmentation' : 'DPTForDepthEstimation',
      tasks: [segments ? 'image-segmentation' : 'depth-estimation'],
      labels: segments ? labelsOf(config, classes) : undefined,
      imageSize: imageSizeOf(spec),
    }
  },
}

function isSegmentation(config: Config, reader: WeightReader): boolean {
  const named = libraryClass(config, ['DPTForDepthEstimation', 'DPTForSemanticSegmentation'])
  return named ? named === 'DPTForSemanticSegmentation' : reader.has('head.head.1.running_mean')
}

export const depth = family({
  name: 'dpt',
  layouts: [depthAnything, dpt],
  build: (parts, { spec, depth }, reader) => new Dpt(parts, spec, readModules(reader, spec, depth)),
  reference: async () => (await import('./reference.js')).dptReference,
})
