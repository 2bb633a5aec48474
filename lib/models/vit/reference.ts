import type * as ops from '../../ops/index.js'
import { fromLibrary, type NamedTensors, type Reference, type ReferenceRun, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import type { VitInputs } from './inputs.js'
import type { Vit, VitResult } from './vit.js'

/** Results of a run that was asked for everything. */
type Everything = VitResult & Required<Pick<VitResult, 'hiddenStates' | 'attentions'>>

/** How a library runs vision Transformers, and what it calls their results. */
interface Names {
  /** Whether the positions are resized for images of another size. */
  interpolates(call: ReferenceRun['call']): boolean
  publish(result: Everything, model: Vit): NamedTensors
}

/** Hidden states are those before the final norm; a head without labels passes on what it reads. */
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

/** Names of modules. A run at another size can only come from weights that went through interpolate_embeddings. */
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
export const vitReference: Reference<Vit> = async (model, { inputs, call }) => {
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
}
