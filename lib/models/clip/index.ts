import { type Description, family, type Layout } from '../family.js'
import { Clip } from './clip.js'
import { type ClipConfig, readClipConfig } from './config.js'
import { readModules } from './modules.js'

/** CLIPModel of transformers. */
const huggingFace: Layout<Description & { readonly spec: ClipConfig }> = {
  library: 'transformers',
  published: ['clip'],
  claims: (name) => name === 'clip',
  describe({ config }) {
    const spec = readClipConfig(config)
    const { channels, image } = spec.image
    return { spec, className: 'CLIPModel', tasks: [], imageSize: [channels, ...image] }
  },
}

export const clip = family(
  'clip',
  [huggingFace],
  (parts, { spec }, reader) => new Clip(parts, spec, readModules(reader, spec)),
)
