import * as ops from '../../ops/index.js'
import { fromLibrary, type NamedTensors, reference, requestedStates, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import { Swin, type SwinInputs, type SwinOutput } from './swin.js'

/** The names of the classes of Swin in transformers and timm. Without a classifier the logits are the pooled vector. */
export const swinReference = reference(Swin, async (model, { inputs, call, outputs }) => {
  const { boolMaskedPos: maskedPatches, ...rest } = fromLibrary<
    SwinInputs & { boolMaskedPos?: SwinInputs['maskedPatches'] }
  >(inputs)
  if (configKind(model.config).library === 'timm')
    return timmNames(await model.run(rest, { hiddenStates: true }))
  const interpolatePositions = call.interpolate_pos_encoding === true
  const options = { ...requestedStates(outputs), interpolatePositions }
  const output = await model.run({ ...rest, maskedPatches }, options)
  return toLibrary({ ...output, logits: output.logits ?? output.poolerOutput })
})

/** Feature maps are channels-last. */
function timmNames({
  logits,
  lastHiddenState,
  poolerOutput,
  reshapedHiddenStates,
}: SwinOutput): NamedTensors {
  const [patches, ...stages] = reshapedHiddenStates!.map(
    (state): ops.FloatTensor => ops.permute(state, [0, 2, 3, 1]),
  )
  return {
    patch_embed: patches!,
    ...Object.fromEntries(stages.map((stage, index) => [`layers.${index}`, stage])),
    features: ops.reshape(lastHiddenState, stages.at(-1)!.shape) as ops.FloatTensor,
    ...{ pre_logits: poolerOutput, logits: logits ?? poolerOutput },
  }
}
