import type * as ops from '../../ops/index.js'
import { fromLibrary, type NamedTensors, type ReferenceRun, reference, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import type { VitInputs } from './inputs.js'
import { Vit, type VitResult } from './vit.js'

/** Results of a run with all options. */
type Everything = VitResult & Required<Pick<VitResult, 'hiddenStates' | 'attentions'>>

/** How a library runs vision Transformers, and its names of the results. */
interface Names {
  /** Whether the position embeddings are resized for images of other sizes. */
  interpolates(call: ReferenceRun['call']): boolean
  publish(result: Everything, model: Vit): NamedTensors
}

/** Hidden states are before the final norm. Without a classifier the logits are the pooled vector. */
const huggingFace: Names = {
  interpolates: (call) => call.interpolate_pos_encoding === true,
  publish: ({ classLogits, ...result }) =>
    toLibrary({
      ...result,
      clsLogits: classLogits,
      logits: result.reconstruction ?? result.logits ?? result.poolerOutput,
    }),
}

/** Names of forward_features, of forward_head with pre_logits, and of the modules. */
const timm: Names = {
  interpolates: () => false,
  publish: ({ hiddenStates, attentions, lastHiddenState, poolerOutput, logits = poolerOutput }) =>
    toLibrary({
      ...{ blocks: hiddenStates.slice(1), attentions, features: lastHiddenState },
      ...{ preLogits: poolerOutput, logits },
    }),
}

/** Names of modules. Runs with other image sizes have weights that interpolate_embeddings resized. */
const torchvision: Names = {
  interpolates: () => true,
  publish({ hiddenStates, lastHiddenState, logits }) {
    const layers = hiddenStates
      .slice(1)
      .map((state, index) => [`encoder.layers.encoder_layer_${index}`, state] as const)
    return { ...Object.fromEntries(layers), ...toLibrary({ encoder: lastHiddenState, logits }) }
  },
}

/** Names of get_intermediate_layers and get_last_selfattention. */
const dino: Names = {
  interpolates: () => true,
  publish({ hiddenStates, attentions, lastHiddenState, poolerOutput, logits }, { modules }) {
    const normed = (state: ops.FloatTensor) => modules.norm?.forward(state) ?? state
    return toLibrary({
      ...{ classToken: poolerOutput, lastAttention: attentions[attentions.length - 1], logits },
      normedStates: [...hiddenStates.slice(1, -1).map(normed), lastHiddenState],
    })
  },
}

const libraries: Readonly<Record<string, Names>> = {
  ...{ transformers: huggingFace, timm, torchvision, 'facebookresearch/dino': dino },
}

/** The names of the library whose layout the model has. */
export const vitReference = reference(Vit, async (model, { inputs, call }) => {
  const { interpolates, publish } = libraries[configKind(model.config).library]!
  const { boolMaskedPos: maskedPatches, ...rest } = fromLibrary<
    VitInputs & { boolMaskedPos?: VitInputs['maskedPatches'] }
  >(inputs)
  const options = { hiddenStates: true, attentions: true, interpolatePositions: interpolates(call) }
  const {
    hiddenStates = [],
    attentions = [],
    ...result
  } = await model.run({ ...rest, maskedPatches }, options)
  return publish({ ...result, hiddenStates, attentions }, model)
})
