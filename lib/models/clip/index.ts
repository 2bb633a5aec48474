import { renameBy } from '../../weights/names.js'
import { type Description, family, type Layout } from '../family.js'
import { Clip } from './clip.js'
import { type ClipConfig, readClipConfig } from './config.js'
import { readModules } from './modules.js'

/**
 * transformers 5 also reads a CLIPModel whose towers were saved from CLIPTextModel and CLIPVisionModel, whose names have
 * the tower's name once more.
 */
const withoutDoubledTower = renameBy([[/^(text_model|vision_model)\.\1\./, '$1.']])

/** CLIPModel of transformers. */
const huggingFace: Layout<Description & { readonly spec: ClipConfig }> = {
  library: 'transformers',
  published: ['clip'],
  claims: (name) => name === 'clip',
  checkpoint: () => ({ rename: withoutDoubledTower }),
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
