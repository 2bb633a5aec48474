import {
  type Config,
  configInvalid,
  epsilon,
  optional,
  positiveInt,
  positiveInts,
  string,
} from '../../files/config.js'
import { imageTasks, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import type { ConvNextLayout } from './layout.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

/** Epsilon of all norms except the last. The config's `layer_norm_eps` is for the last one only. */
const innerEpsilon = 1e-6

/** ConvNextModel, ConvNextForImageClassification and their V2 of transformers. */
export const huggingFace: ConvNextLayout = {
  ...transformers({ convnext: 'ConvNext', convnextv2: 'ConvNextV2' }),

  describe({ config, kind }, reader) {
    const second = kind.name === 'convnextv2'
    const prefix = reader.has(`${kind.name}.embeddings.patch_embeddings.weight`) ? `${kind.name}.` : ''
    const stored = reader.shapeOf('classifier.weight')?.[0]
    const classes = stored === undefined ? 0 : classCount(config, stored)
    const size = optional(positiveInt, config, 'image_size') ?? 224
    const scale = reader.has(`${prefix}encoder.stages.0.layers.0.layer_scale_parameter`)
    const spec = readSpec(config, second, classes, scale)
    return {
      spec,
      names: namesUnder(prefix),
      className: `ConvNext${second ? 'V2' : ''}${prefix === '' ? 'Model' : 'ForImageClassification'}`,
      tasks: imageTasks(classes > 0),
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
      imageSize: [spec.channels, size, size],
    }
  },
}

function readSpec(config: Config, second: boolean, classes: number, layerScale: boolean): ConvNextSpec {
  const depths = positiveInts(config, 'depths', [3, 3, 9, 3])
  const widths = positiveInts(config, 'hidden_sizes', [96, 192, 384, 768])
  const patch = positiveInt(config, 'patch_size', 4)
  if (widths.length !== depths.length)
    throw configInvalid(config, 'hidden_sizes', `a list of ${depths.length} widths, one for each of depths`)
  return {
    channels: positiveInt(config, 'num_channels', 3),
    stem: { kind: 'patch', patch, middle: 0 },
    stages: depths.map((depth, index) => ({
      width: widths[index]!,
      depth,
      kernel: 7,
      downsample: index > 0 ? 2 : undefined,
    })),
    convBias: true,
    layerScale: !second && layerScale,
    responseNorm: second,
    activation: string(config, 'hidden_act', 'gelu'),
    norm: 'layer',
    epsilon: innerEpsilon,
    head: { norm: 'after-pool', pool: 'average', epsilon: epsilon(config, 'layer_norm_eps', 1e-12), classes },
  }
}

function namesUnder(prefix: string): ConvNextNames {
  return {
    stem: [`${prefix}embeddings.patch_embeddings`, `${prefix}embeddings.layernorm`],
    downsample: (stage) => ({
      norm: `${prefix}encoder.stages.${stage}.downsampling_layer.0`,
      convolution: `${prefix}encoder.stages.${stage}.downsampling_layer.1`,
    }),
    block: (stage, block) => {
      const scope = `${prefix}encoder.stages.${stage}.layers.${block}`
      return {
        depthwise: `${scope}.dwconv`,
        norm: `${scope}.layernorm`,
        first: `${scope}.pwconv1`,
        second: `${scope}.pwconv2`,
        layerScale: `${scope}.layer_scale_parameter`,
        responseNorm: `${scope}.grn`,
      }
    },
    headNorm: `${prefix}layernorm`,
    headHidden: '',
    classifier: 'classifier',
  }
}
