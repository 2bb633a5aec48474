import { readGenerationDefaults } from '../../generation/config.js'
import type { GivenOptions } from '../../generation/options.js'
import { type Description, family, type Layout, transformers } from '../family.js'
import { labelsOf } from '../labels.js'
import { Bert } from './bert.js'
import { type BertConfig, generates, readBertConfig } from './config.js'
import { legacyLayerNorm } from './legacy-names.js'
import { readModules } from './modules.js'

interface BertDescription extends Description {
  readonly spec: BertConfig
  readonly defaults: GivenOptions
}

/** What BertConfig has where config.json says nothing. */
const defaultTokens = { pad_token_id: 0 }

/** The Bert classes of transformers. */
const huggingFace: Layout<BertDescription> = {
  ...transformers({ bert: 'Bert' }),
  checkpoint: () => ({ rename: legacyLayerNorm }),

  async describe({ config, dir }, reader) {
    const spec = readBertConfig(config, reader.shapeOf('classifier.weight')?.[0])
    const { className, classes } = spec
    const writes = generates(spec)
    const values = { ...defaultTokens, ...config.values }
    return {
      ...{ spec, className },
      defaults: writes ? await readGenerationDefaults(dir, { ...config, values }) : {},
      tasks: ['feature-extraction', ...(writes ? ['text-generation'] : [])],
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
    }
  },
}

/** AlignTextModel of transformers: a bare BERT, which is never a decoder. */
const alignText: Layout<BertDescription> = {
  ...transformers({ align_text_model: 'AlignText' }),

  describe({ config }) {
    const spec = readBertConfig({ ...config, values: { ...config.values, ...bare } }, undefined)
    return { spec, className: 'AlignTextModel', defaults: {}, tasks: ['feature-extraction'] }
  },
}

/** Keys that BERT reads and AlignTextModel does not. */
const bare = { architectures: ['BertModel'], is_decoder: false, add_cross_attention: false }

export const bert = family({
  name: 'bert',
  layouts: [huggingFace, alignText],
  build: (parts, { spec, defaults }, reader) => new Bert(parts, readModules(reader, spec), defaults),
  reference: async () => (await import('./reference.js')).bertReference,
})
