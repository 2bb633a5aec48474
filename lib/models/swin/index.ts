import { family } from '../family.js'
import { swin as huggingFace, swinV2 } from './hugging-face.js'
import { readModules } from './modules.js'
import { Swin } from './swin.js'
import { timm } from './timm.js'

/** Swin Transformer, versions 1 and 2, in all published layouts. */
export const swin = family({
  name: 'swin',
  layouts: [huggingFace, swinV2, timm],
  build(parts, { spec, names, heads, scope }, reader) {
    const backbone = scope === undefined ? reader : reader.scope(scope)
    return new Swin(parts, spec, readModules(reader, backbone, names, spec, heads))
  },
  reference: async () => (await import('./reference.js')).swinReference,
})
