/** Turns a name in a checkpoint into the name that the reader of a layout asks for. */
export type Rename = (name: string) => string

/** BERT checkpoints converted from TensorFlow call the scale and shift of a layer norm gamma and beta. */
export const legacyLayerNorm: Rename = (name) =>
  name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias')
