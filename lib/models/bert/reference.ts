import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { Bert } from './bert.js'

/** The Bert classes of transformers have our names in snake case. */
export const bertReference = reference(Bert, async (model, { inputs, outputs }) =>
  toLibrary(await model.run(fromLibrary(inputs), requestedStates(outputs))),
)
