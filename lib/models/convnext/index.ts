import { family } from '../family.js'
import { ConvNext } from './convnext.js'
import { huggingFace } from './hugging-face.js'
import { readConvNext } from './modules.js'
import { timm } from './timm.js'
import { torchvision } from './torchvision.js'

/** ConvNeXt and ConvNeXt V2, in all published layouts. */
export const convnext = family(
  'convnext',
  [huggingFace, timm, torchvision],
  (parts, { spec, names }, reader) => new ConvNext(parts, spec, readConvNext(reader, spec, names)),
)
