import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { cachedRun, generatingRun, isCachedRun, isGeneratingRun } from '../reference-generation.js'
import type { MarianInputs } from './inputs.js'
import { Marian } from './marian.js'

/** The names of MarianMTModel, of its generate(), and of a decoder that is fed one token a step. */
export const marianReference = reference(Marian, async (model, run) => {
  const inputs = fromLibrary<MarianInputs>(run.inputs)
  if (isGeneratingRun(run)) return generatingRun(model, inputs, run)
  if (isCachedRun(run)) return cachedRun(model, inputs, inputs.decoderInputIds)
  return toLibrary(await model.run(inputs, requestedStates(run.outputs)))
})
