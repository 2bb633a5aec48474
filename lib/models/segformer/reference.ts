import * as ops from '../../ops/index.js'
import { fromLibrary, type Reference, requestedStates, toLibrary } from '../reference.js'
import { segmentClasses } from '../segmentation.js'
import type { Segformer } from './segformer.js'

/** The names of the classes of Segformer in transformers. `labels`: the classes of the pixels of the last image. */
export const segformerReference: Reference<Segformer> = async (model, { inputs, outputs }) => {
  const { pixelValues } = fromLibrary<{ pixelValues: ops.FloatTensor }>(inputs)
  const output = await model.run({ pixelValues }, requestedStates(outputs))
  const named = toLibrary(output)
  if (!outputs.includes('labels') || !output.logits) return named
  const [, , height, width] = pixelValues.shape
  const last = ops.slice(output.logits, { axis: 0, start: -1 })
  return { ...named, labels: segmentClasses(last, [height!, width!]) }
}
