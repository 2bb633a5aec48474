import { type Description, family, type Layout } from '../family.js'
import { Align, type AlignConfig, readAlign, readAlignConfig } from './align.js'

/** AlignModel of transformers. */
const huggingFace: Layout<Description & { readonly spec: AlignConfig }> = {
  library: 'transformers',
  published: ['align'],
  claims: (name) => name === 'align',
  describe({ config }) {
    const spec = readAlignConfig(config)
    return {
      spec,
      className: 'AlignModel',
      tasks: ['zero-shot-image-classification', 'image-feature-extraction'],
    }
  },
}

export const align = family(
  'align',
  [huggingFace],
  (parts, { spec }, reader) => new Align(parts, spec, readAlign(reader, spec)),
)
