import { type Config, configInvalid, isSet, object, positiveInts } from '../../files/config.js'

/** Arguments that have no effect on a trained model. */
const training = /drop(_\w+)?_rate$|^(weight_init|fix_init|device|dtype|pretrained_strict)$/

/** The arguments of a class of timm. */
export interface ClassArguments {
  readonly known: readonly string[]
  /** Those that null turns off. */
  readonly flags: readonly string[]
}

const flags = [
  ...['qkv_bias', 'proj_bias', 'qk_norm', 'scale_attn_norm', 'scale_mlp_norm', 'pre_norm', 'final_norm'],
  ...['class_token', 'no_embed_class', 'pool_include_prefix', 'dynamic_img_size', 'dynamic_img_pad'],
]
const known = [
  ...['img_size', 'patch_size', 'in_chans', 'num_classes', 'global_pool', 'embed_dim', 'depth', 'num_heads'],
  ...['mlp_ratio', 'init_values', 'pos_embed', 'reg_tokens', 'fc_norm', 'norm_layer', 'act_layer', ...flags],
]
const visionTransformer: ClassArguments = { known, flags }

/**
 * The arguments of the class, resolved as in timm: model_args take precedence over those that the architecture name
 * implies, and these over pretrained_cfg. A null in model_args turns a flag off and unsets other arguments.
 */
export function argumentsOf(
  config: Config,
  implied: { readonly img_size?: number | undefined },
  { known, flags }: ClassArguments = visionTransformer,
): Config {
  const given = isSet(config, 'model_args') ? object(config, 'model_args') : { ...config, values: {} }
  for (const key of Object.keys(given.values))
    if (isSet(given, key) && !known.includes(key) && !training.test(key))
      throw configInvalid(given, key, `no such argument (supported are ${known.join(', ')})`)
  const pretrained = isSet(config, 'pretrained_cfg') ? object(config, 'pretrained_cfg') : config
  const [channels, ...size] = isSet(pretrained, 'input_size') ? positiveInts(pretrained, 'input_size') : []
  const { img_size, ...architecture } = implied
  const switchedOff = flags.filter((flag) => given.values[flag] === null).map((flag) => [flag, false])
  const values = {
    ...{ img_size: size.length === 2 ? size : img_size, in_chans: channels },
    num_classes: config.values.num_classes ?? config.values.num_labels ?? pretrained.values.num_classes,
    global_pool: pretrained.values.global_pool,
    ...Object.fromEntries(Object.entries(architecture).filter(([, value]) => value !== undefined)),
    // A norm_layer in model_args replaces the architecture's norm together with its epsilon.
    ...('norm_layer' in given.values && { norm_eps: undefined }),
    ...given.values,
    ...Object.fromEntries(switchedOff),
  }
  return {
    ...given,
    values: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
  }
}
