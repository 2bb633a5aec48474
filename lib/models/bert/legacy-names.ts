import { renameBy } from '../../weights/names.js'

/** BERT checkpoints converted from TensorFlow call the scale and shift of a layer norm gamma and beta. */
export const legacyLayerNorm = renameBy([
  [/LayerNorm\.gamma$/, 'LayerNorm.weight'],
  [/LayerNorm\.beta$/, 'LayerNorm.bias'],
])
