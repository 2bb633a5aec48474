import type * as ops from '../../ops/index.js'
import { channelsFirst } from '../image-network.js'
import { fromLibrary, reference } from '../reference.js'
import { AlexNet } from './alexnet.js'

/** The names of torchvision's modules. */
export const alexNetReference = reference(AlexNet, (model, { inputs }) => {
  const { pixelValues } = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  const { first, stem, stages, pooled, logits } = model.trace(pixelValues)
  const maps = { 0: first, 2: stem, 5: stages[0]!, 7: stages[1]!, 9: stages[2]!, 12: stages[3]! }
  const named = Object.entries(maps).map(([index, x]) => [`features.${index}`, channelsFirst(x)] as const)
  return { ...Object.fromEntries(named), avgpool: channelsFirst(pooled), logits: logits! }
})
