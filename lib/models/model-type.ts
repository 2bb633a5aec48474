import { type Config, strings } from '../files/config.js'
import type { Architecture } from './registry.js'

interface KeyRule {
  /** Model types whose configs have these keys; their weights differ. */
  readonly types: readonly string[]
  readonly keys: readonly string[]
  /** Keys of other model types, which have the same keys besides. */
  readonly without?: readonly string[]
}

/** The first rule that matches applies. */
const keyRules: readonly KeyRule[] = [
  { types: ['align'], keys: ['text_config', 'vision_config', 'projection_dim', 'temperature_init_value'] },
  { types: ['clip'], keys: ['text_config', 'vision_config', 'projection_dim'] },
  { types: ['marian'], keys: ['d_model', 'encoder_layers', 'decoder_layers', 'encoder_ffn_dim'] },
  { types: ['gpt2'], keys: ['n_embd', 'n_layer', 'n_head'], without: ['afn', 'rotary_dim'] },
  { types: ['dinov3_vit'], keys: ['layerscale_value', 'num_register_tokens', 'rope_theta'] },
  { types: ['dinov2_with_registers'], keys: ['layerscale_value', 'num_register_tokens', 'patch_size'] },
  { types: ['dinov2'], keys: ['layerscale_value', 'mlp_ratio', 'patch_size'] },
  { types: ['depth_anything'], keys: ['depth_estimation_type', 'reassemble_factors', 'neck_hidden_sizes'] },
  { types: ['dpt'], keys: ['readout_type', 'reassemble_factors', 'neck_hidden_sizes'] },
  { types: ['segformer'], keys: ['sr_ratios', 'hidden_sizes', 'depths', 'patch_sizes'] },
  { types: ['swinv2'], keys: ['depths', 'embed_dim', 'window_size', 'pretrained_window_sizes'] },
  { types: ['swin'], keys: ['depths', 'embed_dim', 'window_size', 'patch_size'] },
  { types: ['convnext', 'convnextv2'], keys: ['depths', 'hidden_sizes', 'patch_size'] },
  { types: ['beit'], keys: ['use_relative_position_bias', 'use_mean_pooling', 'patch_size'] },
  { types: ['vit_mae'], keys: ['mask_ratio', 'decoder_hidden_size', 'patch_size'] },
  { types: ['bit'], keys: ['depths', 'hidden_sizes', 'embedding_size', 'num_groups', 'width_factor'] },
  { types: ['resnet'], keys: ['depths', 'hidden_sizes', 'embedding_size', 'downsample_in_first_stage'] },
  { types: ['efficientnet'], keys: ['width_coefficient', 'depth_coefficient', 'num_block_repeats'] },
  { types: ['vit-hybrid'], keys: ['backbone_featmap_shape', 'patch_size', 'intermediate_size'] },
  { types: ['vit', 'deit'], keys: ['image_size', 'patch_size', 'hidden_size', 'intermediate_size'] },
  {
    ...{ types: ['bert'], without: ['embedding_size'] },
    keys: ['type_vocab_size', 'vocab_size', 'hidden_size', 'num_attention_heads', 'intermediate_size'],
  },
]

/**
 * Model types that a config without model_type can mean: by the class in `architectures`, else by its keys. Several if only
 * the weights tell them apart; none if nothing matches.
 * @param families whose classes are known
 * @throws CONFIG_INVALID if `architectures` is no list of names
 */
export function impliedModelTypes(
  config: Config,
  families: readonly Pick<Architecture, 'classNames'>[],
): readonly string[] {
  const types = families.flatMap(({ classNames }) => Object.entries(classNames))
  for (const name of strings(config, 'architectures', [])) {
    const [, start] =
      /^(\w+?)(?:Model(?:WithProjection)?|MTModel|LMHeadModel|DoubleHeadsModel|For[A-Z]\w*)$/.exec(name) ?? []
    const [type] = types.find(([, className]) => className === start) ?? []
    if (type !== undefined) return [type]
  }
  const has = (key: string) => Object.hasOwn(config.values, key)
  return keyRules.find(({ keys, without = [] }) => keys.every(has) && !without.some(has))?.types ?? []
}
