import { positiveInt } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { imageTasks, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { readSwinConfig } from './config.js'
import type { SwinLayout } from './layout.js'
import type { SwinNames } from './spec.js'

/** Names of Swin and Swinv2 of transformers. */
export const swinNames: SwinNames = {
  patches: 'embeddings.patch_embeddings.projection',
  patchNorm: 'embeddings.norm',
  positions: 'embeddings.position_embeddings',
  maskToken: 'embeddings.mask_token',
  block: (stage, index) => `encoder.layers.${stage}.blocks.${index}`,
  attention: {
    queryKeyValue: ['attention.self.query', 'attention.self.key', 'attention.self.value'],
    queryValueBiases: undefined,
    output: 'attention.output.dense',
    biasTable: 'attention.self.relative_position_bias_table',
    logitScale: 'attention.self.logit_scale',
    biasMlp: [
      'attention.self.continuous_position_bias_mlp.0',
      'attention.self.continuous_position_bias_mlp.2',
    ],
  },
  norms: ['layernorm_before', 'layernorm_after'],
  mlp: ['intermediate.dense', 'output.dense'],
  merging: (stage) => `encoder.layers.${stage}.downsample`,
  norm: 'layernorm',
  classifier: 'classifier',
}

/** SwinModel, SwinForImageClassification and SwinForMaskedImageModeling of transformers, and those of Swinv2. */
function layoutOf(modelType: string, start: string, version: 1 | 2): SwinLayout {
  const [bare, classification, masked] = ['Model', 'ForImageClassification', 'ForMaskedImageModeling'].map(
    (end) => `${start}${end}`,
  ) as [string, string, string]
  const stored = (reader: WeightReader) => {
    if (reader.has('decoder.0.weight')) return masked
    return reader.has('classifier.weight') ? classification : bare
  }
  return {
    ...transformers({ [modelType]: start }),

    describe({ config }, reader) {
      const spec = readSwinConfig(config, version)
      const className = libraryClass(config, [bare, classification, masked]) ?? stored(reader)
      const scope = reader.has(`${modelType}.embeddings.norm.weight`) ? modelType : undefined
      const classes = reader.shapeOf('classifier.weight')?.[0]
      const count = className === classification ? classCount(config, classes) : 0
      const token = `${scope === undefined ? '' : `${scope}.`}${swinNames.maskToken}`
      return {
        ...{ spec, names: swinNames, scope, className, tasks: imageTasks(count > 0) },
        heads: {
          classes: count,
          stride: className === masked ? positiveInt(config, 'encoder_stride', 32) : undefined,
          maskToken: reader.has(token),
        },
        labels: count > 0 ? labelsOf(config, count) : undefined,
        imageSize: [spec.channels, ...spec.image],
      }
    },
  }
}

export const swin = layoutOf('swin', 'Swin', 1)
export const swinV2 = layoutOf('swinv2', 'Swinv2', 2)
