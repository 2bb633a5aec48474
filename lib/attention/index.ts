/**
 * Attention in its parts, to play with: similarities, retrievals, masks, positions. docs/attention.md walks through
 * them. Models do not use this room: theirs is `ops.attention`, which gives the same in less time and memory.
 * @module
 */
export { type Attended, type AttendOptions, attend } from './attend.js'
export { type HeatMapOptions, heatMap } from './heat-map.js'
export { applyMask, causalMask, type Mask, paddingMask, windowMask } from './mask.js'
export { multiHead } from './multi-head.js'
export { learnedPositions, sinusoidalPositions } from './position.js'
export { hardRetrieval, hardWeights, softRetrieval, softWeights } from './retrieval.js'
export type { Pairs, Similarity } from './shapes.js'
export {
  type AdditiveTanhWeights,
  additive,
  additiveTanh,
  dotProduct,
  general,
  type SimilarityFunction,
  scaledDotProduct,
} from './similarity.js'
