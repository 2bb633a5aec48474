import { fromLibrary, type NamedTensors, reference, requestedStates, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import type { VitInputs } from '../vit/inputs.js'
import { Beit, type BeitOutput } from './beit.js'

/** The names of the classes of Beit in transformers and timm. Without a classifier the logits are the pooled vector. */
export const beitReference = reference(Beit, async (model, { inputs, outputs }) => {
  const { boolMaskedPos: maskedPatches, ...rest } = fromLibrary<
    VitInputs & { boolMaskedPos?: VitInputs['maskedPatches'] }
  >(inputs)
  if (configKind(model.config).library === 'timm')
    return timmNames(await model.run(rest, { hiddenStates: true }))
  const output = await model.run({ ...rest, maskedPatches }, requestedStates(outputs))
  return toLibrary({ ...output, logits: output.logits ?? output.poolerOutput })
})

/** Names of modules, of forward_features, and of forward_head with pre_logits. */
function timmNames({ hiddenStates, lastHiddenState, poolerOutput, logits }: BeitOutput): NamedTensors {
  const blocks = hiddenStates!.slice(1).map((state, index) => [`blocks.${index}`, state] as const)
  const pooled = poolerOutput!
  return {
    ...Object.fromEntries(blocks),
    ...{ features: lastHiddenState, pre_logits: pooled, logits: logits ?? pooled },
  }
}
