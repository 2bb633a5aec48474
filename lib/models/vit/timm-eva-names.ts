import { boolean, type Config } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { commonNames, type VitNames } from './names.js'
import { hasGateApart, isRope } from './timm-eva-arguments.js'

/** The names of the class. The biases of query and value can be parameters of the attention. */
export function evaNames(args: Config, reader: WeightReader): VitNames {
  const fused = boolean(args, 'qkv_fused', true)
  const apart = !isRope(args) && (fused || reader.has('blocks.0.attn.q_bias'))
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
