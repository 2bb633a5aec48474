import { boolean, type Config, configInvalid, getter, listGetter, oneOf } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { backboneFeatures } from '../backbone-features.js'
import { readBeitConfig } from '../beit/config.js'
import { readSwinConfig } from '../swin/config.js'
import { checkSpec } from '../vit/check-spec.js'
import { readBitBackbone } from '../vit/hugging-face-bit.js'
import { dinov2Names, vitNames } from '../vit/hugging-face-names.js'
import { type Family, headOf, specOf, swiglu } from '../vit/hugging-face-spec.js'
import { reductionOf } from '../vit/hybrid.js'
import type { VitDescription } from '../vit/layout.js'
import { noHead, type VitSpec } from '../vit/spec.js'
import type { BackboneSpec, VitBackboneSpec } from './spec.js'

const integers = listGetter('a whole number', (value): value is number => Number.isSafeInteger(value))
const notReshaped = getter('false, for tokens instead of maps', (value): value is false => value === false)

/** Dinov2Backbone of transformers, whose names have the prefix `backbone.`. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function dinov2Backbone(config: Config, reader: WeightReader): VitBackboneSpec {
  oneOf(config, 'model_type', ['dinov2'])
  notReshaped(config, 'reshape_hidden_states')
  const names = dinov2Names('backbone.', swiglu(config) ? 'gated' : 'plain')
  const family = { className: 'Dinov2', prefix: 'dinov2', kinds: [], dinov2: true }
  const vit = {
    ...specOf(config, family),
    ...{ ...noHead, maskToken: reader.has(names.maskToken) },
  }
  checkSpec(vit, config.file)
  const normed = boolean(config, 'apply_layernorm', true)
  return { kind: 'vit', vit, names, maps: [], normed, features: backboneFeatures(config, vit.depth) }
}

/** A backbone_config of DPT: DINOv2, BEiT or Swin V2. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function namedBackbone(config: Config, reader: WeightReader): BackboneSpec {
  const type = oneOf(config, 'model_type', ['dinov2', 'beit', 'swinv2'])
  if (type === 'dinov2') return dinov2Backbone(config, reader)
  if (type === 'swinv2') {
    const swin = { ...readSwinConfig(config, 2), statesBeforeMerging: true }
    return { kind: 'swin', swin, features: backboneFeatures(config, swin.stages.length) }
  }
  notReshaped(config, 'reshape_hidden_states')
  if (boolean(config, 'add_fpn', false)) throw configInvalid(config, 'add_fpn', 'false')
  const maskToken = reader.has('backbone.embeddings.mask_token')
  const beit = readBeitConfig(config, maskToken)
  return { kind: 'beit', beit, features: backboneFeatures(config, beit.layers.depth) }
}

/** The vision Transformer that a DPT has without a backbone_config. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function ownBackbone(config: Config): VitBackboneSpec {
  const vit = ownVit(config)
  checkSpec(vit, config.file)
  const features = ownFeatures(config, vit.depth).map((index) => index + 1)
  const [names, common] = [vitNames('dpt.'), { maps: [], normed: false }]
  return { kind: 'vit', vit, names, features, ...common }
}

/** The Transformer of DPTModel, alone. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function bareTransformer(
  config: Config,
  reader: WeightReader,
): Pick<VitDescription, 'spec' | 'names'> {
  const { vit, names } = boolean(config, 'is_hybrid', false)
    ? hybridTransformer(config, '', reader)
    : { vit: ownVit(config), names: vitNames('') }
  const head = headOf(config, family, 'Model', reader.has(`${names.pooler}.weight`), 0)
  return { names, spec: { ...vit, head } }
}

/** The vision Transformer over a BiT of a hybrid, whose first two maps are read too. @throws as {@link ownBackbone} */
export function hybridBackbone(config: Config, reader: WeightReader): VitBackboneSpec {
  const { vit, names, maps } = hybridTransformer(config, 'dpt.', reader)
  checkSpec(vit, config.file)
  return {
    ...{ kind: 'vit', vit, names, maps, normed: false },
    features: ownFeatures(config, vit.depth, 2).map((index) => index + 1),
  }
}

function hybridTransformer(
  config: Config,
  prefix: string,
  reader: WeightReader,
): Pick<VitBackboneSpec, 'vit' | 'names' | 'maps'> {
  const { network, names, features } = readBitBackbone(
    config,
    { features: ['stage1', 'stage2', 'stage3'], count: 3, prefix: `${prefix}embeddings.backbone.bit.` },
    reader,
  )
  const base = ownVit(config)
  const reduction = reductionOf(network)
  if (base.patch.some((side) => side !== reduction))
    throw configInvalid(config, 'patch_size', `${reduction}, by which the backbone makes images smaller`)
  const backbone = { network, names, patch: [1, 1] as const }
  return {
    vit: { ...base, backbone, accepts: 'multiples', channels: network.channels },
    names: { ...vitNames(prefix), patches: `${prefix}embeddings.projection` },
    maps: features.slice(0, 2),
  }
}

const family: Family = { className: 'DPT', prefix: 'dpt', kinds: [] }

function ownVit(config: Config): VitSpec {
  const values = { image_size: 384, ...config.values }
  const base = specOf({ ...config, values }, family)
  return {
    ...base,
    ...{ accepts: 'any', ...noHead },
    positions: base.positions && { ...base.positions, resize: 'hf-bilinear' },
  }
}

/** @param start of the indices that are read */
function ownFeatures(config: Config, depth: number, start = 0): readonly number[] {
  const indices = integers(config, 'backbone_out_indices', [2, 5, 8, 11]).slice(start)
  if (indices.some((index) => index < 0 || index >= depth))
    throw configInvalid(config, 'backbone_out_indices', `layers from 0 to ${depth - 1}`)
  return [...new Set(indices)].sort((a, b) => a - b)
}
