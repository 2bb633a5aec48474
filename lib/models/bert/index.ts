import { type Description, family, type Layout } from '../family.js'
import { Bert } from './bert.js'
import { type BertClass, type BertConfig, readBertConfig } from './config.js'
import { legacyLayerNorm } from './legacy-names.js'
import { readModules } from './modules.js'

interface BertDescription extends Description {
  readonly spec: BertConfig
}

/** The classes whose logits are scores of the config's labels. */
const classifiers: readonly BertClass[] = ['BertForSequenceClassification', 'BertForTokenClassification']

/** The Bert classes of transformers. */
const huggingFace: Layout<BertDescription> = {
  library: 'transformers',
  published: ['bert'],
  claims: (name) => name === 'bert',
  checkpoint: () => ({ rename: legacyLayerNorm }),

  describe({ config }) {
    const spec = readBertConfig(config)
    const { className, labels } = spec
    return {
      ...{ spec, className, tasks: ['feature-extraction'] },
      labels: classifiers.includes(className) ? labels : undefined,
    }
  },
}

export const bert = family(
  'bert',
  [huggingFace],
  (parts, { spec }, reader) => new Bert(parts, readModules(reader, spec)),
)
