import type * as ops from '../../ops/index.js'
import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { Dpt } from './dpt.js'

/** The names of DepthAnything and DPT in transformers; `fused`: the maps of the neck. */
export const dptReference = reference(Dpt, (model, { inputs, outputs }) => {
  const named = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  return toLibrary(model.trace(named, requestedStates(outputs)))
})
