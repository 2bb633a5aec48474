import * as ops from '../../ops/index.js'
import { fromLibrary, reference, requestedStates, toLibrary } from '../reference.js'
import { segmentClasses } from '../segmentation.js'
import { Segformer } from './segformer.js'

/** The names of the classes of Segformer in transformers. `labels`: the classes of the pixels of the last image. */
export const segformerReference = reference(Segformer, async (model, { inputs, outputs }) => {
  const { pixelValues } = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  const output = await model.run({ pixelValues }, requestedStates(outputs))
  const named = toLibrary(output)
  if (!outputs.includes('labels') || !output.logits) return named
  const [, , height, width] = pixelValues.shape
  const last = ops.slice(output.logits, { axis: 0, start: -1 })
  return { ...named, labels: segmentClasses(last, [height!, width!]) }
})
