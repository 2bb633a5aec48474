import { type Description, family, type Layout } from '../family.js'
import { readTransformerConfig, type TransformerConfig } from './config.js'
import { readDecoder, readEncoder } from './stacks.js'
import { Transformer } from './transformer.js'

interface TransformerDescription extends Description {
  readonly spec: TransformerConfig
}

/** torch.nn.Transformer. */
const torch: Layout<TransformerDescription> = {
  library: 'torch.nn',
  published: ['Transformer'],
  claims: (name) => name === 'Transformer',
  describe: ({ config }) => ({ spec: readTransformerConfig(config), className: 'Transformer', tasks: [] }),
}

export const transformer = family({
  name: 'transformer',
  layouts: [torch],
  build(parts, { spec }, reader) {
    const encoder = readEncoder(reader.scope('encoder'), spec)
    const decoder = readDecoder(reader.scope('decoder'), spec)
    return new Transformer(parts, spec, encoder, decoder)
  },
  reference: async () => (await import('./reference.js')).transformerReference,
})
