import { positiveInt } from '../../files/config.js'
import { Linear } from '../../nn/linear.js'
import { ConvNet } from '../convnet/convnet.js'
import { type Description, family, imageTasks, type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { readEfficientNetSpec } from './config.js'
import { readEfficientNet } from './modules.js'
import type { EfficientNetSpec } from './spec.js'

interface EfficientNetDescription extends Description {
  readonly spec: EfficientNetSpec
  readonly prefix: string
  /** Number of classes; 0: no classifier. */
  readonly classes: number
}

/** EfficientNetModel and EfficientNetForImageClassification of transformers. */
const huggingFace: Layout<EfficientNetDescription> = {
  ...transformers({ efficientnet: 'EfficientNet' }),

  describe({ config }, reader) {
    const prefix = reader.has('efficientnet.embeddings.convolution.weight') ? 'efficientnet' : ''
    const stored = reader.shapeOf('classifier.weight')?.[0]
    const classes = stored === undefined ? 0 : classCount(config, stored)
    const spec = readEfficientNetSpec(config, true)
    const size = positiveInt(config, 'image_size', 600)
    return {
      ...{ spec, prefix, classes },
      className: prefix === '' ? 'EfficientNetModel' : 'EfficientNetForImageClassification',
      tasks: imageTasks(classes > 0),
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
      imageSize: [spec.channels, size, size],
    }
  },
}

/** AlignVisionModel of transformers: an EfficientNet without the convolution after the blocks. */
const alignVision: Layout<EfficientNetDescription> = {
  ...transformers({ align_vision_model: 'AlignVision' }),

  describe({ config }) {
    const spec = readEfficientNetSpec(config, false)
    const size = positiveInt(config, 'image_size', 600)
    return {
      ...{ spec, prefix: '', classes: 0, className: 'AlignVisionModel', tasks: imageTasks(false) },
      imageSize: [spec.channels, size, size],
    }
  },
}

/** EfficientNet (Tan and Le 2019). */
export const efficientnet = family({
  name: 'efficientnet',
  layouts: [huggingFace, alignVision],
  build(parts, description, reader) {
    const { spec, prefix, classes } = description
    const scope = prefix === '' ? reader : reader.scope(prefix)
    const { stem, blocks, top, width } = readEfficientNet(scope, spec)
    return new ConvNet(parts, {
      input: { channels: spec.channels, smallest: 1 },
      ...{ stem, stages: blocks, last: top, pooling: spec.pooling },
      classifier: classes > 0 ? Linear.read(reader, 'classifier', width, classes) : undefined,
    })
  },
  reference: async () => (await import('../convnet/reference.js')).convNetReference,
})
