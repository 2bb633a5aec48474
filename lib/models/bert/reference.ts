import { asked, fromLibrary, type Reference, toLibrary } from '../reference.js'
import type { Bert } from './bert.js'

/** The names of the Bert classes of transformers are ours, in snake case. */
export const bertReference: Reference<Bert> = async (model, { inputs, outputs }) =>
  toLibrary(await model.run(fromLibrary(inputs), asked(outputs)))
