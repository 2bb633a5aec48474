import * as ops from '../../ops/index.js'
import { channelsFirst } from '../image-network.js'
import { fromLibrary, type NamedTensors, reference, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import { ConvNet, type ConvNetTrace } from './convnet.js'

/** Names the results of a pass as the library does. */
type Names = (trace: ConvNetTrace, family: string) => NamedTensors

const huggingFace: Names = ({ stem, stages, logits, features, preLogits }, family) =>
  toLibrary({
    hiddenStates: [stem, ...stages].map(channelsFirst),
    ...{ logits, lastHiddenState: channelsFirst(features) },
    // Except for EfficientNet, the library keeps the axes of the maps in the pooled vector.
    poolerOutput: family === 'efficientnet' ? preLogits : ops.reshape(preLogits, [...preLogits.shape, 1, 1]),
  })

/** Names of modules, of forward_features, and of forward_head with pre_logits. */
const timm: Names = ({ stem, stages, beforeActivation, features, preLogits, logits }) => ({
  ...layerNames(stages),
  ...toLibrary({
    ...{ stem: channelsFirst(stem), stages: stages.map(channelsFirst) },
    ...{ features: channelsFirst(features), finalConv: channelsFirst(beforeActivation) },
    ...{ preLogits, logits: logits ?? preLogits },
  }),
})

/** Names of modules. */
const torchvision: Names = ({ stem, stages, logits }) => ({
  ...layerNames(stages),
  ...toLibrary({ maxpool: channelsFirst(stem), logits }),
})

function layerNames(stages: readonly ops.FloatTensor[]): NamedTensors {
  return Object.fromEntries(stages.map((stage, index) => [`layer${index + 1}`, channelsFirst(stage)]))
}

const libraries: Readonly<Record<string, Names>> = { transformers: huggingFace, timm, torchvision }

/** The names of the library whose layout the model has. */
export const convNetReference = reference(ConvNet, (model, { inputs }) => {
  const { pixelValues } = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  return libraries[configKind(model.config).library]!(model.trace(pixelValues), model.info.architecture)
})
