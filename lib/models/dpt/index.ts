import type { Config } from '../../files/config.js'
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
    const { channels, image } = spec.backbone.vit
    return {
      ...{ spec, depth: ['conv1', 'conv2', 'conv3'], className: 'DepthAnythingForDepthEstimation' },
      ...{ tasks: ['depth-estimation'], imageSize: [channels, ...image] },
    }
  },
}

/** DPTForDepthEstimation and DPTForSemanticSegmentation of transformers, without a convolutional backbone. */
const dpt: Layout<DptDescription> = {
  ...transformers({ dpt: 'DPT' }),

  describe({ config }, reader) {
    const segments = isSegmentation(config, reader)
    const classes = segments ? classCount(config, reader.shapeOf('head.head.4.weight')?.[0]) : 0
    const spec = readDpt(config, reader, classes)
    const { channels, image } = spec.backbone.vit
    reader.ignore(/^auxiliary_head\./, 'a head for training, whose result is in no output')
    return {
      ...{ spec, depth: ['head.0', 'head.2', 'head.4'] },
      className: segments ? 'DPTForSemanticSegmentation' : 'DPTForDepthEstimation',
      tasks: [segments ? 'image-segmentation' : 'depth-estimation'],
      labels: segments ? labelsOf(config, classes) : undefined,
      imageSize: [channels, ...image],
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
