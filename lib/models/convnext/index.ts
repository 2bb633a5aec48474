import { family } from '../family.js'
import { ConvNext } from './convnext.js'
import { dinov3 } from './dinov3.js'
import { huggingFace } from './hugging-face.js'
import { checkConvNextSizes, readConvNext } from './modules.js'
import { timm } from './timm.js'
import { torchvision } from './torchvision.js'

/** ConvNeXt and ConvNeXt V2, in all published layouts. */
export const convnext = family({
  name: 'convnext',
  layouts: [huggingFace, dinov3, timm, torchvision],
  build(parts, { spec, names }, reader) {
    checkConvNextSizes(parts.config.file, spec)
    return new ConvNext(parts, spec, readConvNext(reader, spec, names))
  },
  reference: async () => (await import('./reference.js')).convNextReference,
})
