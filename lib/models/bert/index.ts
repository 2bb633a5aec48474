import { type Description, family, type Layout, transformers } from '../family.js'
import { labelsOf } from '../labels.js'
import { Bert } from './bert.js'
import { type BertConfig, readBertConfig } from './config.js'
import { legacyLayerNorm } from './legacy-names.js'
import { readModules } from './modules.js'

interface BertDescription extends Description {
  readonly spec: BertConfig
}

/** The Bert classes of transformers. */
const huggingFace: Layout<BertDescription> = {
  ...transformers({ bert: 'Bert' }),
  checkpoint: () => ({ rename: legacyLayerNorm }),

  describe({ config }, reader) {
    const spec = readBertConfig(config, reader.shapeOf('classifier.weight')?.[0])
    const { className, classes } = spec
    return {
      ...{ spec, className, tasks: ['feature-extraction'] },
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
    }
  },
}

export const bert = family({
  name: 'bert',
  layouts: [huggingFace],
  build: (parts, { spec }, reader) => new Bert(parts, readModules(reader, spec)),
  reference: async () => (await import('./reference.js')).bertReference,
})
