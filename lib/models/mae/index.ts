import { family } from '../family.js'
import { authors } from './authors.js'
import { huggingFace } from './hugging-face.js'
import { Mae } from './mae.js'
import { readMae } from './modules.js'

/** Masked autoencoders, in all published layouts. */
export const mae = family({
  name: 'mae',
  layouts: [huggingFace, authors],
  build: (parts, { spec, names }, reader) => new Mae(parts, spec, readMae(reader, spec, names)),
  reference: async () => (await import('./reference.js')).maeReference,
})
