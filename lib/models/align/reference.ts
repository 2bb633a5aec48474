import { fromLibrary, type Reference, requestedStates, toLibrary } from '../reference.js'
import type { Align } from './align.js'

/** The names of AlignModel. */
export const alignReference: Reference<Align> = async (model, { inputs, outputs }) =>
  toLibrary(await model.run(fromLibrary(inputs), requestedStates(outputs)))
