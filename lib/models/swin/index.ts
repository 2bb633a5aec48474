import { positiveInt } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { type Description, family, imageTasks, type Layout, transformers } from '../family.js'
import { classCount, labelsOf } from '../labels.js'
import { libraryClass } from '../library-class.js'
import { readSwinConfig, type SwinConfig } from './config.js'
import { readModules, type SwinHeads } from './modules.js'
import { Swin } from './swin.js'

const classes = ['SwinModel', 'SwinForImageClassification', 'SwinForMaskedImageModeling'] as const

interface SwinDescription extends Description {
  readonly spec: SwinConfig
  readonly heads: SwinHeads
  /** Prefix of the backbone's names, with a dot; '' for the bare model. */
  readonly prefix: string
}

/** SwinModel, SwinForImageClassification and SwinForMaskedImageModeling of transformers. */
const huggingFace: Layout<SwinDescription> = {
  ...transformers({ swin: 'Swin' }),

  describe({ config }, reader) {
    const spec = readSwinConfig(config)
    const className = libraryClass(config, classes) ?? storedClass(reader)
    const prefix = reader.has('swin.embeddings.norm.weight') ? 'swin.' : ''
    const stored = reader.shapeOf('classifier.weight')?.[0]
    const count = className === 'SwinForImageClassification' ? classCount(config, stored) : 0
    return {
      ...{ spec, prefix, className, tasks: imageTasks(count > 0) },
      heads: {
        classes: count,
        stride:
          className === 'SwinForMaskedImageModeling' ? positiveInt(config, 'encoder_stride', 32) : undefined,
        maskToken: reader.has(`${prefix}embeddings.mask_token`),
      },
      labels: count > 0 ? labelsOf(config, count) : undefined,
      imageSize: [spec.channels, ...spec.image],
    }
  },
}

function storedClass(reader: WeightReader): (typeof classes)[number] {
  if (reader.has('decoder.0.weight')) return 'SwinForMaskedImageModeling'
  return reader.has('classifier.weight') ? 'SwinForImageClassification' : 'SwinModel'
}

export const swin = family({
  name: 'swin',
  layouts: [huggingFace],
  build(parts, { spec, heads, prefix }, reader) {
    const backbone = prefix === '' ? reader : reader.scope(prefix.slice(0, -1))
    return new Swin(parts, spec, readModules(reader, backbone, spec, heads))
  },
  reference: async () => (await import('./reference.js')).swinReference,
})
