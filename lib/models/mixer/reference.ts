import type * as ops from '../../ops/index.js'
import { fromLibrary, reference, toLibrary } from '../reference.js'
import { Mixer } from './mixer.js'

/** Names of timm's forward_features, of forward_head with pre_logits, and of the modules. */
export const mixerReference = reference(Mixer, (model, { inputs }) => {
  const { pixelValues } = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  const { stem, stages, features, preLogits, logits = preLogits } = model.trace(pixelValues)
  return toLibrary({ stem, blocks: stages, features, preLogits, logits })
})
