import {
  boolean,
  type Config,
  configInvalid,
  getter,
  isSet,
  listGetter,
  oneOf,
  strings,
} from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { checkSpec } from '../vit/check-spec.js'
import { dinov2Names, vitNames } from '../vit/hugging-face-names.js'
import { specOf, swiglu } from '../vit/hugging-face-spec.js'
import { noHead } from '../vit/spec.js'
import type { BackboneSpec } from './spec.js'

const integers = listGetter('a whole number', (value): value is number => Number.isSafeInteger(value))
const notReshaped = getter('false, for tokens instead of maps', (value): value is false => value === false)

/** Dinov2Backbone of transformers, whose names have the prefix `backbone.`. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function dinov2Backbone(config: Config, reader: WeightReader): BackboneSpec {
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
  return { vit, names, normed, features: featuresOf(config, vit.depth) }
}

/** The vision Transformer that a DPT has without a backbone_config. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function ownBackbone(config: Config): BackboneSpec {
  const values = { image_size: 384, ...config.values }
  const base = specOf({ ...config, values }, { className: 'DPT', prefix: 'dpt', kinds: [] })
  const vit = {
    ...base,
    ...{ accepts: 'any' as const, ...noHead },
    positions: base.positions && { ...base.positions, resize: 'hf-bilinear' as const },
  }
  checkSpec(vit, config.file)
  const indices = integers(config, 'backbone_out_indices', [2, 5, 8, 11])
  if (indices.some((index) => index < 0 || index >= vit.depth))
    throw configInvalid(config, 'backbone_out_indices', `layers from 0 to ${vit.depth - 1}`)
  const features = [...new Set(indices)].sort((a, b) => a - b).map((index) => index + 1)
  return { vit, names: vitNames('dpt.'), normed: false, features }
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
