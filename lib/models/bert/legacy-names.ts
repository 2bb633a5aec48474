import type { Rename } from '../../weights/checkpoint.js'

/** BERT checkpoints converted from TensorFlow call the scale and shift of a layer norm gamma and beta. */
export const legacyLayerNorm: Rename = (name) =>
  name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias')
