import { family } from '../family.js'
import { dino } from './dino.js'
import { dinov3 } from './dinov3.js'
import { huggingFace } from './hugging-face.js'
import { huggingFaceHybrid } from './hugging-face-hybrid.js'
import { readVit } from './read.js'
import { timm } from './timm.js'
import { timmEva } from './timm-eva.js'
import { timmHybrid } from './timm-hybrid.js'
import { torchvision } from './torchvision.js'
import { Vit } from './vit.js'

/** Vision Transformers: ViT, DeiT, DINO, DINOv2, DINOv3 and EVA, in all published layouts. */
export const vit = family({
  name: 'vit',
  layouts: [huggingFace, huggingFaceHybrid, dinov3, timm, timmHybrid, timmEva, torchvision, dino],
  build: (parts, { spec, names }, reader) => new Vit(parts, spec, readVit(reader, spec, names)),
  reference: async () => (await import('./reference.js')).vitReference,
})
