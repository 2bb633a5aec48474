import { buildClip } from '../clip/build.js'
import { family } from '../family.js'
import { huggingFace } from './hugging-face.js'

/** SigLIP and SigLIP 2 of transformers. */
export const siglip = family({
  name: 'siglip',
  layouts: [huggingFace],
  build: buildClip,
  reference: async () => (await import('../clip/reference.js')).clipReference,
})
