import {
  boolean,
  type Config,
  configInvalid,
  getter,
  isSet,
  listGetter,
  object,
  oneOf,
  strings,
} from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { readBeitConfig } from '../beit/config.js'
import { bitNames, readBitConfig } from '../bit/hugging-face.js'
import { checkBitSizes } from '../bit/stages.js'
import { readSwinConfig } from '../swin/config.js'
import { checkSpec } from '../vit/check-spec.js'
import { dinov2Names, vitNames } from '../vit/hugging-face-names.js'
import { specOf, swiglu } from '../vit/hugging-face-spec.js'
import { reductionOf } from '../vit/hybrid.js'
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
  return { kind: 'vit', vit, names, maps: [], normed, features: featuresOf(config, vit.depth) }
}

/** A backbone_config of DPT: DINOv2, BEiT or Swin V2. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function namedBackbone(config: Config, reader: WeightReader): BackboneSpec {
  const type = oneOf(config, 'model_type', ['dinov2', 'beit', 'swinv2'])
  if (type === 'dinov2') return dinov2Backbone(config, reader)
  if (type === 'swinv2') {
    const swin = { ...readSwinConfig(config, 2), statesBeforeMerging: true }
    return { kind: 'swin', swin, features: featuresOf(config, swin.stages.length) }
  }
  notReshaped(config, 'reshape_hidden_states')
  if (boolean(config, 'add_fpn', false)) throw configInvalid(config, 'add_fpn', 'false')
  const maskToken = reader.has('backbone.embeddings.mask_token')
  const beit = readBeitConfig(config, maskToken)
  return { kind: 'beit', beit, features: featuresOf(config, beit.layers.depth) }
}

/** The vision Transformer that a DPT has without a backbone_config. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function ownBackbone(config: Config): VitBackboneSpec {
  const vit = ownVit(config)
  checkSpec(vit, config.file)
  const features = ownFeatures(config, vit.depth).map((index) => index + 1)
  const [names, common] = [vitNames('dpt.'), { maps: [], normed: false }]
  return { kind: 'vit', vit, names, features, ...common }
}

/** The backbone that the library assumes for a hybrid without a backbone_config. */
const smallBit = {
  ...{ model_type: 'bit', global_padding: 'same', layer_type: 'bottleneck', depths: [3, 4, 9] },
  ...{ out_features: ['stage1', 'stage2', 'stage3'], embedding_dynamic_padding: true },
}

/** The vision Transformer over a BiT of a hybrid, whose first two maps are read too. @throws as {@link ownBackbone} */
export function hybridBackbone(config: Config, reader: WeightReader): VitBackboneSpec {
  const given = isSet(config, 'backbone_config')
    ? object(config, 'backbone_config')
    : { ...config, values: smallBit }
  if (isSet(given, 'model_type')) oneOf(given, 'model_type', ['bit'])
  const whole = readBitConfig(given)
  const maps = featuresOf(given, whole.stages.length)
  const last = maps[2]
  if (maps.length !== 3 || !last) throw configInvalid(given, 'out_features', 'three features')
  const network = { ...whole, stages: whole.stages.slice(0, last) }
  checkBitSizes(config.file, network)
  const base = ownVit(config)
  const reduction = reductionOf(network)
  if (base.patch.some((side) => side !== reduction))
    throw configInvalid(config, 'patch_size', `${reduction}, by which the backbone makes images smaller`)
  const prefix = 'dpt.embeddings.backbone.bit.'
  const later = whole.stages.flatMap((_, stage) => (stage < last ? [] : [`encoder\\.stages\\.${stage}`]))
  reader.ignore(
    new RegExp(`^dpt\\.embeddings\\.backbone\\.bit\\.(${['norm', ...later].join('|')})\\.`),
    'behind the features of the backbone',
  )
  const backbone = { network, names: bitNames(prefix), patch: [1, 1] as const }
  const vit = { ...base, backbone, accepts: 'multiples' as const, channels: network.channels }
  checkSpec(vit, config.file)
  return {
    ...{ kind: 'vit', vit, maps: maps.slice(0, 2), normed: false },
    names: { ...vitNames('dpt.'), patches: 'dpt.embeddings.projection' },
    features: ownFeatures(config, vit.depth, 2).map((index) => index + 1),
  }
}

function ownVit(config: Config): VitSpec {
  const values = { image_size: 384, ...config.values }
  const base = specOf({ ...config, values }, { className: 'DPT', prefix: 'dpt', kinds: [] })
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

/** Hidden states that a backbone of the library returns: by number, negative ones from the end, or by name. */
function featuresOf(config: Config, depth: number): readonly number[] {
  const names = ['stem', ...Array.from({ length: depth }, (_, layer) => `stage${layer + 1}`)]
  const key = isSet(config, 'out_indices') ? 'out_indices' : 'out_features'
  const numbers =
    key === 'out_indices'
      ? integers(config, key).map((index) => (index < 0 ? index + names.length : index))
      : strings(config, key, [`stage${depth}`]).map((name) => names.indexOf(name))
  const ascending = numbers.every((number, index) => index === 0 || number > numbers[index - 1]!)
  if (!ascending || numbers.some((number) => number < 0 || number > depth))
    throw configInvalid(config, key, `hidden states of the ${depth} layers, in ascending order`)
  return numbers
}
