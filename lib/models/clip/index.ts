import { family } from '../family.js'
import { buildClip } from './build.js'
import { huggingFace } from './hugging-face.js'

/** CLIP of transformers and open_clip. */
export const clip = family('clip', [huggingFace], buildClip)
