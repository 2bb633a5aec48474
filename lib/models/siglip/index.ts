import { buildClip } from '../clip/build.js'
import { family } from '../family.js'
import { huggingFace } from './hugging-face.js'

/** SigLIP and SigLIP 2 of transformers. */
export const siglip = family('siglip', [huggingFace], buildClip)
