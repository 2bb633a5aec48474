import { family } from '../family.js'
import { buildClip } from './build.js'
import { huggingFace } from './hugging-face.js'
import { openClip } from './open-clip.js'

/** CLIP of transformers and open_clip. */
export const clip = family({
  name: 'clip',
  layouts: [huggingFace, openClip],
  build: buildClip,
  reference: async () => (await import('./reference.js')).clipReference,
})
