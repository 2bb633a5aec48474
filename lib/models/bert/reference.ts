import { fromLibrary, type Reference, requestedStates, toLibrary } from '../reference.js'
import type { Bert } from './bert.js'

/** The Bert classes of transformers have our names in snake case. */
export const bertReference: Reference<Bert> = async (model, { inputs, outputs }) =>
  toLibrary(await model.run(fromLibrary(inputs), requestedStates(outputs)))
