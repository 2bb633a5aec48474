import { type BlockNames, commonNames, type VitNames } from '../vit/names.js'

/** Names of modules in a layout. */
export interface BeitNames
  extends Pick<VitNames, 'classToken' | 'positions' | 'patches' | 'maskToken' | 'norm' | 'classifier'> {
  block(index: number): BlockNames
  /** Modules of the tables of biases: that of all layers, and that of one. */
  readonly sharedBias: string
  bias(index: number): string
  /** The norm of the mean of the patches. */
  readonly poolerNorm: string
}

/** BeitModel and Data2VecVisionModel of transformers. */
export const huggingFaceNames: BeitNames = {
  classToken: 'embeddings.cls_token',
  positions: 'embeddings.position_embeddings',
  patches: 'embeddings.patch_embeddings.projection',
  maskToken: 'embeddings.mask_token',
  block(index) {
    const layer = `encoder.layer.${index}`
    const own = (name: string) => `${layer}.attention.attention.${name}`
    return {
      ...commonNames.block(index),
      attentionNorm: `${layer}.layernorm_before`,
      queryKeyValue: [own('query'), own('key'), own('value')],
      projection: `${layer}.attention.output.dense`,
      attentionScale: `${layer}.lambda_1`,
      mlpNorm: `${layer}.layernorm_after`,
      mlpFirst: `${layer}.intermediate.dense`,
      mlpSecond: `${layer}.output.dense`,
      mlpScale: `${layer}.lambda_2`,
    }
  },
  sharedBias: 'encoder.relative_position_bias',
  bias: (index) => `encoder.layer.${index}.attention.attention.relative_position_bias`,
  norm: 'layernorm',
  poolerNorm: 'pooler.layernorm',
  classifier: 'classifier',
}

/** timm, and the authors. */
export const timmNames: BeitNames = {
  ...commonNames,
  block(index) {
    const block = `blocks.${index}`
    return {
      ...commonNames.block(index),
      queryValueBiases: [`${block}.attn.q_bias`, `${block}.attn.v_bias`],
      attentionScale: `${block}.gamma_1`,
      mlpScale: `${block}.gamma_2`,
    }
  },
  sharedBias: 'rel_pos_bias',
  bias: (index) => `blocks.${index}.attn`,
  poolerNorm: 'fc_norm',
}
