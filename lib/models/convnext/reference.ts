import * as ops from '../../ops/index.js'
import { channelsFirst } from '../image-network.js'
import { fromLibrary, type NamedTensors, reference, toLibrary } from '../reference.js'
import { configKind } from '../registry.js'
import { ConvNext } from './convnext.js'
import { stageIndices } from './torchvision.js'
import type { ConvNextTrace } from './trace.js'

/** Names the results of a pass as the library does. */
type Names = (trace: ConvNextTrace, model: ConvNext, pixels: ops.FloatTensor) => NamedTensors

/** DINOv3 has the pixels as first hidden state. */
const huggingFace: Names = ({ stem, stages, logits, features, preLogits }, { spec }, pixels) =>
  toLibrary({
    hiddenStates: [spec.tokens ? pixels : channelsFirst(stem), ...stages.map(channelsFirst)],
    ...{ logits, lastHiddenState: channelsFirst(features), poolerOutput: preLogits },
  })

/** Names of forward_features, of forward_head with pre_logits, and of the modules. */
const timm: Names = ({ stem, stages, logits, features, preLogits }) =>
  toLibrary({
    ...{ stem: channelsFirst(stem), stages: stages.map(channelsFirst), features: channelsFirst(features) },
    ...{ preLogits, logits: logits ?? preLogits },
  })

/** Names of modules: stages and downsamplings are numbered in one list. */
const torchvision: Names = ({ stem, stages, downsampled, pooled, logits }, { spec }) => {
  const features: [number, ops.FloatTensor][] = [[0, stem]]
  stageIndices(spec).forEach(({ stage, downsample }, index) => {
    if (downsample !== undefined) features.push([downsample, downsampled[index]!])
    if (stage !== undefined) features.push([stage, stages[index]!])
  })
  const named = features.map(([index, x]) => [`features.${index}`, channelsFirst(x)] as const)
  const avgpool: ops.FloatTensor = ops.reshape(pooled, [...pooled.shape, 1, 1])
  return { ...Object.fromEntries(named), ...toLibrary({ avgpool, logits }) }
}

const libraries: Readonly<Record<string, Names>> = { transformers: huggingFace, timm, torchvision }

/** The names of the library whose layout the model has. */
export const convNextReference = reference(ConvNext, (model, { inputs }) => {
  const { pixelValues } = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  return libraries[configKind(model.config).library]!(model.trace(pixelValues), model, pixelValues)
})
