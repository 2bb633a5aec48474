import {
  boolean,
  type Config,
  configInvalid,
  epsilon,
  getter,
  isSet,
  object,
  oneOf,
  optional,
  positiveInt,
  positiveNumber,
} from '../../files/config.js'
import { type BlockNames, commonNames } from '../vit/names.js'
import type { LayerSpec } from '../vit/spec.js'

/** Keys of one object of open_clip_config.json. */
interface Keys {
  readonly used: readonly string[]
  /** Keys of the training or of other files, which do not change the outputs. */
  readonly unused: readonly string[]
}

/** Refuses keys that open_clip's class does not have. @throws CONFIG_INVALID */
export function checkKeys(config: Config, { used, unused }: Keys): void {
  for (const key of Object.keys(config.values))
    if (!used.includes(key) && !unused.includes(key))
      throw configInvalid(config, key, `only the keys ${used.join(', ')}`)
}

/** Refuses values other than the default of keys that are not supported. @throws CONFIG_INVALID */
export function refuse(config: Config, key: string): void {
  const isOff = (value: unknown): value is false | '' => value === false || value === ''
  optional(getter('false (other values are not supported)', isOff), config, key)
}

/** The keys of the layers, which texts and images share. */
export const layerKeys: Keys = {
  used: [
    ...[
      'width',
      'layers',
      'mlp_ratio',
      'ls_init_value',
      'act_kwargs',
      'norm_kwargs',
      'block_type',
      'qk_norm',
    ],
    ...['scaled_cosine_attn', 'scale_heads', 'scale_attn_inner', 'scale_attn', 'scale_fc'],
  ],
  unused: ['output_tokens'],
}

/** The layers by these keys. @throws CONFIG_INVALID */
export function openClipLayers(config: Config, width: number, heads: number, quick: boolean): LayerSpec {
  const features = [
    'qk_norm',
    'scale_attn_inner',
    'scale_fc',
    'scaled_cosine_attn',
    'scale_heads',
    'scale_attn',
  ]
  const block = optional((from, key) => oneOf(from, key, ['default', 'custom']), config, 'block_type')
  // With block_type 'default' the library takes a block without these features.
  const custom = block !== 'default'
  const flag = (key: string) => boolean(config, key, false) && custom
  for (const key of features.slice(3)) if (custom) refuse(config, key)
  return {
    ...{ width, heads, depth: positiveInt(config, 'layers', 12) },
    mlp: {
      kind: 'plain',
      hidden: Math.trunc(width * positiveNumber(config, 'mlp_ratio', 4)),
      ...{ activation: activationOf(config, quick), norm: flag('scale_fc') },
    },
    ...{ queryKeyValueBias: true, projectionBias: true },
    ...{ queryKeyNorm: flag('qk_norm'), attentionNorm: flag('scale_attn_inner') },
    norm: { kind: 'layer', epsilon: epsilonOf(config) },
    ...{ normPlacement: 'pre', layerScale: isSet(config, 'ls_init_value') },
  }
}

function activationOf(config: Config, quick: boolean): string {
  if (!isSet(config, 'act_kwargs')) return quick ? 'quick_gelu' : 'gelu'
  const options = object(config, 'act_kwargs')
  checkKeys(options, { used: quick ? [] : ['approximate'], unused: [] })
  if (quick) return 'quick_gelu'
  return oneOf(options, 'approximate', ['none', 'tanh'], 'none') === 'tanh' ? 'gelu_tanh' : 'gelu'
}

function epsilonOf(config: Config): number {
  if (!isSet(config, 'norm_kwargs')) return 1e-5
  const options = object(config, 'norm_kwargs')
  checkKeys(options, { used: ['eps'], unused: [] })
  return epsilon(options, 'eps', 1e-5)
}

/** Names of a layer. */
export function openClipBlock(prefix: string, index: number): BlockNames {
  const block = `${prefix}transformer.resblocks.${index}`
  return {
    ...commonNames.block(index),
    attentionNorm: `${block}.ln_1`,
    queryKeyValue: `${block}.attn.in_proj`,
    queryNorm: `${block}.attn.ln_q`,
    keyNorm: `${block}.attn.ln_k`,
    headsNorm: `${block}.attn.ln_inner`,
    projection: `${block}.attn.out_proj`,
    attentionScale: `${block}.ls_1.gamma`,
    mlpNorm: `${block}.ln_2`,
    mlpFirst: `${block}.mlp.c_fc`,
    mlpInnerNorm: `${block}.mlp.ln`,
    mlpSecond: `${block}.mlp.c_proj`,
    mlpScale: `${block}.ls_2.gamma`,
  }
}
