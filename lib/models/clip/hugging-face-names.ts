import type { WeightReader } from '../../weights/reader.js'
import { type BlockNames, commonNames, type VitNames } from '../vit/names.js'
import type { TextNames } from './spec.js'

function block(prefix: string, index: number): BlockNames {
  const layer = `${prefix}encoder.layers.${index}`
  const own = (name: string) => `${layer}.self_attn.${name}`
  return {
    ...commonNames.block(index),
    attentionNorm: `${layer}.layer_norm1`,
    queryKeyValue: [own('q_proj'), own('k_proj'), own('v_proj')],
    projection: own('out_proj'),
    mlpNorm: `${layer}.layer_norm2`,
    mlpFirst: `${layer}.mlp.fc1`,
    mlpSecond: `${layer}.mlp.fc2`,
  }
}

/** Names of the text encoders of transformers' CLIP and SigLIP. A bare encoder may be stored without `text_model.` */
export function textNames(reader: WeightReader): TextNames {
  const prefix = reader.has('text_model.final_layer_norm.weight') ? 'text_model.' : ''
  ignorePositions(reader, prefix)
  return {
    words: `${prefix}embeddings.token_embedding`,
    positions: `${prefix}embeddings.position_embedding.weight`,
    classToken: '',
    block: (index) => block(prefix, index),
    norm: `${prefix}final_layer_norm`,
  }
}

/** Names of the image encoders of transformers' CLIP and SigLIP, and the prefix of their other modules. */
export function imageNames(reader: WeightReader): VitNames & { readonly prefix: string } {
  const prefix = reader.has('vision_model.post_layernorm.weight') ? 'vision_model.' : ''
  ignorePositions(reader, prefix)
  const attention = `${prefix}head.attention`
  return {
    ...commonNames,
    prefix,
    classToken: `${prefix}embeddings.class_embedding`,
    patches: `${prefix}embeddings.patch_embedding`,
    positions: `${prefix}embeddings.position_embedding.weight`,
    embeddingNorm: `${prefix}pre_layrnorm`,
    block: (index) => block(prefix, index),
    norm: `${prefix}post_layernorm`,
    headNorm: `${prefix}post_layernorm`,
    attentionPool: {
      latent: `${prefix}head.probe`,
      query: `${attention}.in_proj`,
      keyValue: `${attention}.in_proj`,
      projection: `${attention}.out_proj`,
      norm: `${prefix}head.layernorm`,
      mlpFirst: `${prefix}head.mlp.fc1`,
      mlpSecond: `${prefix}head.mlp.fc2`,
    },
  }
}

function ignorePositions(reader: WeightReader, prefix: string): void {
  reader.ignore(`${prefix}embeddings.position_ids`, 'the numbers 0, 1, 2, ..., which older versions stored')
}
