import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { Align } from './align.js'

/** The names of AlignModel. */
export const alignReference = reference(Align, async (model, { inputs, outputs }) =>
  toLibrary(await model.run(fromLibrary(inputs), requestedStates(outputs))),
)
