import { type BlockNames, commonBlock, commonNames, type VitNames } from './names.js'

/** Names that all classes share. `prefix` is the prefix of the backbone in classes with a head. */
function backboneNames(prefix: string, block: (layer: string) => Partial<BlockNames>): VitNames {
  return {
    ...commonNames,
    classToken: `${prefix}embeddings.cls_token`,
    distillationToken: `${prefix}embeddings.distillation_token`,
    registers: `${prefix}embeddings.register_tokens`,
    patches: `${prefix}embeddings.patch_embeddings.projection`,
    positions: `${prefix}embeddings.position_embeddings`,
    block(index) {
      const layer = `${prefix}encoder.layer.${index}`
      return { ...commonBlock(layer), ...attentionNames(layer), ...block(layer) }
    },
    norm: `${prefix}layernorm`,
    pooler: `${prefix}pooler.dense`,
    distillationClassifier: 'distillation_classifier',
    maskToken: `${prefix}embeddings.mask_token`,
    decoder: 'decoder.0',
  }
}

function attentionNames(layer: string) {
  const own = (name: string) => `${layer}.attention.attention.${name}`
  return {
    queryKeyValue: [own('query'), own('key'), own('value')] as const,
    projection: `${layer}.attention.output.dense`,
  }
}

/** Names of ViT and DeiT. */
export function vitNames(prefix: string): VitNames {
  return backboneNames(prefix, vitBlock)
}

/** Names of a layer of ViT and DeiT. @param layer its prefix */
export function vitBlock(layer: string): BlockNames {
  return {
    ...{ ...commonBlock(layer), ...attentionNames(layer) },
    attentionNorm: `${layer}.layernorm_before`,
    mlpNorm: `${layer}.layernorm_after`,
    mlpFirst: `${layer}.intermediate.dense`,
    mlpSecond: `${layer}.output.dense`,
  }
}

/**
 * Names of Dinov2, with and without registers.
 * @param mlp whether it is gated, with one matrix for gate and value as in published files, or two
 */
export function dinov2Names(prefix: string, mlp: 'plain' | 'gated' | 'gated-separate'): VitNames {
  return backboneNames(prefix, (layer) => ({
    attentionNorm: `${layer}.norm1`,
    attentionScale: `${layer}.layer_scale1.lambda1`,
    mlpNorm: `${layer}.norm2`,
    mlpFirst: `${layer}.mlp.fc1`,
    mlpGate: mlp === 'gated' ? `${layer}.mlp.weights_in` : [`${layer}.mlp.gate_proj`, `${layer}.mlp.up_proj`],
    mlpSecond: `${layer}.mlp.${mlp === 'plain' ? 'fc2' : 'weights_out'}`,
    mlpScale: `${layer}.layer_scale2.lambda1`,
  }))
}
