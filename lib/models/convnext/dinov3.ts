import {
  type Config,
  configInvalid,
  epsilon,
  positiveInt,
  positiveInts,
  sizePair,
  string,
} from '../../files/config.js'
import { renameBy } from '../../weights/names.js'
import { imageTasks, transformers } from '../family.js'
import type { ConvNextLayout } from './layout.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

/** DINOv3ConvNextModel of transformers, and the weights of DINOv3ConvNextBackbone with a final norm. */
export const dinov3: ConvNextLayout = {
  ...transformers({ dinov3_convnext: 'DINOv3ConvNext' }),

  // In memory, and in state dicts that were saved by hand, the stages are under `model`.
  checkpoint: () => ({ rename: renameBy([[/^model\.stages\./, 'stages.']]) }),

  describe({ config }) {
    const spec = readSpec(config)
    return {
      ...{ spec, names, className: 'DINOv3ConvNextModel', tasks: imageTasks(false), labels: undefined },
      imageSize: [spec.channels, ...sizePair(config, 'image_size', [224, 224])],
    }
  },
}

function readSpec(config: Config): ConvNextSpec {
  const depths = positiveInts(config, 'depths', [3, 3, 9, 3])
  const widths = positiveInts(config, 'hidden_sizes', [96, 192, 384, 768])
  if (widths.length !== depths.length || widths.length === 0)
    throw configInvalid(config, 'hidden_sizes', `a list of ${depths.length} widths, one for each of depths`)
  const all = epsilon(config, 'layer_norm_eps', 1e-6)
  return {
    channels: positiveInt(config, 'num_channels', 3),
    stem: { kind: 'patch', patch: 4, middle: 0 },
    stages: depths.map((depth, index) => ({
      ...{ width: widths[index]!, depth, kernel: 7, downsample: index > 0 ? 2 : undefined },
    })),
    ...{ convBias: true, layerScale: true, responseNorm: false },
    activation: string(config, 'hidden_act', 'gelu'),
    ...{ norm: 'layer', epsilon: all, tokens: true },
    head: { norm: 'after-pool', pool: 'average', epsilon: all, classes: 0 },
  }
}

const names: ConvNextNames = {
  stem: ['stages.0.downsample_layers.0', 'stages.0.downsample_layers.1'],
  downsample: (stage) => ({
    norm: `stages.${stage}.downsample_layers.0`,
    convolution: `stages.${stage}.downsample_layers.1`,
  }),
  block(stage, block) {
    const scope = `stages.${stage}.layers.${block}`
    return {
      depthwise: `${scope}.depthwise_conv`,
      norm: `${scope}.layer_norm`,
      first: `${scope}.pointwise_conv1`,
      second: `${scope}.pointwise_conv2`,
      layerScale: `${scope}.gamma`,
      responseNorm: '',
    }
  },
  headNorm: 'layer_norm',
  ...{ headHidden: '', classifier: '' },
}
