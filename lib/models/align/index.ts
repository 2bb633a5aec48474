import { type Description, family, type Layout, transformers } from '../family.js'
import { Align, type AlignConfig, readAlign, readAlignConfig } from './align.js'

/** AlignModel of transformers. */
const huggingFace: Layout<Description & { readonly spec: AlignConfig }> = {
  ...transformers({ align: 'Align' }),
  describe({ config }) {
    const spec = readAlignConfig(config)
    return {
      spec,
      className: 'AlignModel',
      tasks: ['zero-shot-image-classification', 'image-feature-extraction'],
    }
  },
}

export const align = family({
  name: 'align',
  layouts: [huggingFace],
  build: (parts, { spec }, reader) => new Align(parts, spec, readAlign(reader, spec)),
  reference: async () => (await import('./reference.js')).alignReference,
})
