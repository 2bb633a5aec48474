import { family } from '../family.js'
import { dino } from './dino.js'
import { huggingFace } from './hugging-face.js'
import { readVit } from './read.js'
import { timm } from './timm.js'
import { torchvision } from './torchvision.js'
import { Vit } from './vit.js'

/** Vision Transformers: ViT, DeiT, DINO, DINOv2, in each layout they are published in. */
export const vit = family(
  'vit',
  [huggingFace, timm, torchvision, dino],
  (parts, { spec, names }, reader) => new Vit(parts, spec, readVit(reader, spec, names)),
)
