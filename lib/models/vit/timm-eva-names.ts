import { boolean, type Config } from '../../files/config.js'
import { commonNames, type VitNames } from './names.js'
import { hasGateApart, isRope } from './timm-eva-arguments.js'

/**
 * The names of the authors of EVA-02 and DINOv3, in whose files timm's models are published too.
 * Source: `checkpoint_filter_fn` of timm/models/eva.py.
 */
export function fromAuthors(name: string): string {
  return name
    .replace(/\.ls([12])\.gamma$/, '.gamma_$1')
    .replace(/^storage_tokens$/, 'reg_token')
    .replace('.attn.inner_attn_ln.', '.attn.norm.')
    .replace('.mlp.ffn_ln.', '.mlp.norm.')
    .replace('.mlp.w12.', '.mlp.fc1.')
    .replace('.mlp.w1.', '.mlp.fc1_g.')
    .replace('.mlp.w2.', '.mlp.fc1_x.')
    .replace('.mlp.w3.', '.mlp.fc2.')
}

/** Names of the weights. @param biasesApart whether the biases of query and value are parameters of the attention */
export function namesOf(args: Config, biasesApart: boolean): VitNames {
  const fused = boolean(args, 'qkv_fused', true)
  const apart = !isRope(args) && (fused || biasesApart)
  return {
    ...commonNames,
    block(index) {
      const block = `blocks.${index}`
      const attention = `${block}.attn`
      return {
        ...commonNames.block(index),
        queryKeyValue: fused
          ? `${attention}.qkv`
          : [`${attention}.q_proj`, `${attention}.k_proj`, `${attention}.v_proj`],
        queryValueBiases: apart ? [`${attention}.q_bias`, `${attention}.v_bias`] : undefined,
        attentionScale: `${block}.gamma_1`,
        mlpGate: hasGateApart(args) ? [`${block}.mlp.fc1_g`, `${block}.mlp.fc1_x`] : `${block}.mlp.fc1`,
        mlpScale: `${block}.gamma_2`,
      }
    },
  }
}
