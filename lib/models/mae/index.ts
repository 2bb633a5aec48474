import { family } from '../family.js'
import { authors } from './authors.js'
import { huggingFace } from './hugging-face.js'
import { Mae } from './mae.js'
import { readMae } from './modules.js'

/** Masked autoencoders, in all published layouts. */
export const mae = family(
  'mae',
  [huggingFace, authors],
  (parts, { spec, names }, reader) => new Mae(parts, spec, readMae(reader, spec, names)),
)
