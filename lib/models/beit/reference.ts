import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import type { VitInputs } from '../vit/inputs.js'
import { Beit } from './beit.js'

/** The names of the classes of Beit in transformers. Without a classifier the logits are the pooled vector. */
export const beitReference = reference(Beit, async (model, { inputs, outputs }) => {
  const { boolMaskedPos: maskedPatches, ...rest } = fromLibrary<
    VitInputs & { boolMaskedPos?: VitInputs['maskedPatches'] }
  >(inputs)
  const output = await model.run({ ...rest, maskedPatches }, requestedStates(outputs))
  return toLibrary({ ...output, logits: output.logits ?? output.poolerOutput })
})
