import type * as ops from '../../ops/index.js'
import { fromLibrary, type Reference, reference, requestedStates, toLibrary } from '../reference.js'
import { vitReference } from '../vit/reference.js'
import { Vit } from '../vit/vit.js'
import { Dpt } from './dpt.js'

/** The names of DepthAnything and DPT in transformers; `fused`: the maps of the neck. */
const headReference = reference(Dpt, (model, { inputs, outputs }) => {
  const named = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  return toLibrary(model.trace(named, requestedStates(outputs)))
})

/** The names of the model's class. */
export const dptReference: Reference = (model, run) =>
  model instanceof Vit ? vitReference(model, run) : headReference(model, run)
