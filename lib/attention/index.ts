/**
 * Attention in its parts, for learning: similarities, retrieval, masks, positions. docs/attention.md explains them. Models
 * use `ops.attention`, which computes the same in less time and memory.
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
