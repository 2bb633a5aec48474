import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { Swin, type SwinInputs } from './swin.js'

/** The names of the classes of Swin in transformers. Without a classifier the logits are the pooled vector. */
export const swinReference = reference(Swin, async (model, { inputs, call, outputs }) => {
  const { boolMaskedPos: maskedPatches, ...rest } = fromLibrary<
    SwinInputs & { boolMaskedPos?: SwinInputs['maskedPatches'] }
  >(inputs)
  const interpolatePositions = call.interpolate_pos_encoding === true
  const options = { ...requestedStates(outputs), interpolatePositions }
  const output = await model.run({ ...rest, maskedPatches }, options)
  return toLibrary({ ...output, logits: output.logits ?? output.poolerOutput })
})
