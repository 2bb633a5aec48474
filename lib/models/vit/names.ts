/** Names of a block's weights in a layout. Those of linear layers and norms are without `.weight` and `.bias`. */
export interface BlockNames {
  readonly attentionNorm: string
  /** One matrix for query, key and value, or one for each. */
  readonly queryKeyValue: string | readonly [string, string, string]
  /** Biases of query and value that are stored apart; the key has none. undefined: those of the linear layers. */
  readonly queryValueBiases?: readonly [string, string] | undefined
  readonly queryNorm: string
  readonly keyNorm: string
  /** The norm before the attention's projection. */
  readonly headsNorm: string
  readonly projection: string
  readonly attentionScale: string
  readonly mlpNorm: string
  readonly mlpFirst: string
  /** The first layer of a gated MLP: one matrix for gate and value, or one for each. */
  readonly mlpGate: string | readonly [string, string]
  readonly mlpInnerNorm: string
  readonly mlpSecond: string
  readonly mlpScale: string
}

export interface AttentionPoolNames {
  readonly latent: string
  readonly query: string
  /** The name of `query`, where all three are one matrix. */
  readonly keyValue: string
  readonly projection: string
  readonly norm: string
  readonly mlpFirst: string
  readonly mlpSecond: string
}

/** Names of all weights of a vision Transformer in a layout. */
export interface VitNames {
  readonly classToken: string
  readonly distillationToken: string
  readonly registers: string
  readonly patches: string
  readonly positions: string
  readonly embeddingNorm: string
  /** Learned frequencies of rotary positions. */
  readonly rotary: string
  block(index: number): BlockNames
  readonly norm: string
  readonly headNorm: string
  readonly attentionPool: AttentionPoolNames
  readonly pooler: string
  readonly classifier: string
  readonly distillationClassifier: string
  readonly maskToken: string
  readonly decoder: string
}

/** The names of timm, which DINO and much research code use too. Other layouts override those that differ. */
export const commonNames: VitNames = {
  classToken: 'cls_token',
  distillationToken: 'dist_token',
  registers: 'reg_token',
  patches: 'patch_embed.proj',
  positions: 'pos_embed',
  embeddingNorm: 'norm_pre',
  rotary: 'rope.freqs',
  block: (index) => commonBlock(`blocks.${index}`),
  norm: 'norm',
  headNorm: 'fc_norm',
  attentionPool: {
    latent: 'attn_pool.latent',
    query: 'attn_pool.q',
    keyValue: 'attn_pool.kv',
    projection: 'attn_pool.proj',
    norm: 'attn_pool.norm',
    mlpFirst: 'attn_pool.mlp.fc1',
    mlpSecond: 'attn_pool.mlp.fc2',
  },
  pooler: 'pre_logits',
  classifier: 'head',
  distillationClassifier: 'head_dist',
  maskToken: 'mask_token',
  decoder: 'decoder',
}

/** The names of a block with the prefix `block`. */
export function commonBlock(block: string): BlockNames {
  return {
    attentionNorm: `${block}.norm1`,
    queryKeyValue: `${block}.attn.qkv`,
    queryNorm: `${block}.attn.q_norm`,
    keyNorm: `${block}.attn.k_norm`,
    headsNorm: `${block}.attn.norm`,
    projection: `${block}.attn.proj`,
    attentionScale: `${block}.ls1.gamma`,
    mlpNorm: `${block}.norm2`,
    mlpFirst: `${block}.mlp.fc1`,
    mlpGate: `${block}.mlp.fc1`,
    mlpInnerNorm: `${block}.mlp.norm`,
    mlpSecond: `${block}.mlp.fc2`,
    mlpScale: `${block}.ls2.gamma`,
  }
}
