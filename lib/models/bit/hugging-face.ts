import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  oneOf,
  positiveInt,
  positiveInts,
  positiveNumber,
  string,
} from '../../files/config.js'
import { imageTasks, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import type { BitLayout } from './layout.js'
import { type BitNames, type BitPadding, type BitSpec, bitBlocks } from './spec.js'
import { bitStages } from './stages.js'

/** BitModel and BitForImageClassification of transformers. */
export const huggingFace: BitLayout = {
  ...transformers({ bit: 'Bit' }),

  describe({ config }, reader) {
    const prefix = reader.has('bit.embedder.convolution.weight') ? 'bit.' : ''
    const stored = reader.shapeOf('classifier.1.weight')?.[0]
    const classes = stored === undefined ? 0 : classCount(config, stored)
    const spec = readBitConfig(config)
    return {
      ...{ spec, names: bitNames(prefix), head: { pooling: 'average', classes } },
      className: prefix === '' ? 'BitModel' : 'BitForImageClassification',
      tasks: imageTasks(classes > 0),
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
      imageSize: [spec.channels, 224, 224],
    }
  },
}

/** The stages of a config. @throws CONFIG_INVALID */
export function readBitConfig(config: Config): BitSpec {
  const depths = positiveInts(config, 'depths', [3, 4, 6, 3])
  const sizes = positiveInts(config, 'hidden_sizes', [256, 512, 1024, 2048])
  if (depths.length === 0) throw configInvalid(config, 'depths', 'at least one depth')
  const preactivation =
    oneOf(config, 'layer_type', ['preactivation', 'bottleneck'], 'preactivation') === 'preactivation'
  // The library ignores further widths, except in the norm after pre-activation blocks, which then fails.
  if (preactivation ? sizes.length !== depths.length : sizes.length < depths.length)
    throw configInvalid(config, 'hidden_sizes', `a list of ${depths.length} widths, one for each of depths`)
  const factor = positiveNumber(config, 'width_factor', 1)
  const padding = readPadding(config)
  return {
    ...bitBlocks,
    channels: positiveInt(config, 'num_channels', 3),
    stem: {
      width: positiveInt(config, 'embedding_size', 64),
      border: padding === 'even',
      pooling: boolean(config, 'embedding_dynamic_padding', false) ? 'zeros' : 'none',
    },
    stages: bitStages(
      depths,
      sizes.slice(0, depths.length).map((size) => size * factor),
      positiveInt(config, 'output_stride', 32),
    ),
    preactivation,
    activation: string(config, 'hidden_act', 'relu'),
    groups: positiveInt(config, 'num_groups', 32),
    padding,
  }
}

/** With VALID, which the library's config has too, shortcut and branch of a block differ in size. */
function readPadding(config: Config): BitPadding {
  if (!isSet(config, 'global_padding')) return 'even'
  if (string(config, 'global_padding').toUpperCase() !== 'SAME')
    throw configInvalid(config, 'global_padding', "'SAME' or null")
  return 'same'
}

/** Names of a BitModel. @param prefix with a dot, or empty */
export function bitNames(prefix: string): BitNames {
  const embedder = `${prefix}embedder`
  return {
    stem: { convolution: `${embedder}.convolution`, norm: `${embedder}.norm` },
    block: (stage, block) => `${prefix}encoder.stages.${stage}.layers.${block}`,
    norm: `${prefix}norm`,
    classifier: 'classifier.1',
  }
}
