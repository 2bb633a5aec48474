import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { generatingRun, isGeneratingRun } from '../reference-generation.js'
import { Bert } from './bert.js'
import type { BertInputs } from './inputs.js'

/** The Bert classes of transformers have our names in snake case. */
export const bertReference = reference(Bert, async (model, run) => {
  const inputs = fromLibrary<BertInputs>(run.inputs)
  if (isGeneratingRun(run)) return generatingRun(model, inputs, run)
  return toLibrary(await model.run(inputs, requestedStates(run.outputs)))
})
