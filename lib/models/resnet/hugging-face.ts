import {
  boolean,
  type Config,
  configInvalid,
  oneOf,
  positiveInt,
  positiveInts,
  string,
} from '../../files/config.js'
import { imageTasks, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import type { ResNetLayout } from './layout.js'
import type { ConvolutionNames, ResNetNames, ResNetSpec } from './spec.js'

/** ResNetModel and ResNetForImageClassification of transformers. */
export const huggingFace: ResNetLayout = {
  ...transformers({ resnet: 'ResNet' }),

  describe({ config }, reader) {
    const prefix = reader.has('resnet.embedder.embedder.convolution.weight') ? 'resnet.' : ''
    const stored = reader.shapeOf('classifier.1.weight')?.[0]
    const classes = stored === undefined ? 0 : classCount(config, stored)
    const spec = readSpec(config, classes)
    return {
      ...{ spec, names: namesUnder(prefix) },
      className: prefix === '' ? 'ResNetModel' : 'ResNetForImageClassification',
      tasks: imageTasks(classes > 0),
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
      imageSize: [spec.channels, 224, 224],
    }
  },
}

function readSpec(config: Config, classes: number): ResNetSpec {
  const depths = positiveInts(config, 'depths', [3, 4, 6, 3])
  const widths = positiveInts(config, 'hidden_sizes', [256, 512, 1024, 2048])
  if (depths.length === 0) throw configInvalid(config, 'depths', 'at least one depth')
  if (widths.length !== depths.length)
    throw configInvalid(config, 'hidden_sizes', `a list of ${depths.length} widths, one for each of depths`)
  const block = oneOf(config, 'layer_type', ['basic', 'bottleneck'], 'bottleneck')
  const reduction = block === 'bottleneck' ? 4 : 1
  const small = widths.findIndex((width) => width < reduction)
  if (small >= 0) throw configInvalid(config, 'hidden_sizes', 'widths of at least 4 for bottlenecks')
  const downsample = boolean(config, 'downsample_in_first_stage', false)
  const strideAt = boolean(config, 'downsample_in_bottleneck', false) ? 'first' : 'second'
  const embedding = positiveInt(config, 'embedding_size', 64)
  return {
    channels: positiveInt(config, 'num_channels', 3),
    stem: { convolutions: [{ outputs: embedding, kernel: 7, stride: 2 }], reduction: 'max' },
    stages: depths.map((depth, index) => {
      const width = widths[index]!
      const inner = Math.floor(width / reduction)
      const stride = index > 0 || downsample ? 2 : 1
      return {
        ...{ block, depth, first: inner, inner, width, stride, strideAt },
        dilation: 1,
        firstDilation: 1,
      }
    }),
    groups: 1,
    activation: string(config, 'hidden_act', 'relu'),
    // The library does not pass hidden_act to the convolutions inside of a block.
    innerActivation: 'relu',
    ...{
      norm: 'batch',
      antiAliasing: undefined,
      attention: undefined,
      shortcut: { kernel: 1 },
      pooling: 'average',
      classes,
    },
  }
}

function namesUnder(prefix: string): ResNetNames {
  const names = (scope: string): ConvolutionNames => ({
    convolution: `${scope}.convolution`,
    norm: `${scope}.normalization`,
  })
  return {
    stem: () => names(`${prefix}embedder.embedder`),
    reduction: names(''),
    block: (stage, block) => {
      const scope = `${prefix}encoder.stages.${stage}.layers.${block}`
      return {
        convolution: (index) => names(`${scope}.layer.${index}`),
        shortcut: names(`${scope}.shortcut`),
        attention: '',
      }
    },
    classifier: 'classifier.1',
  }
}
