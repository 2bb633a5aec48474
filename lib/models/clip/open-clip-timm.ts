import { boolean, type Config, configInvalid, oneOf, optional, string } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { commonNames } from '../vit/names.js'
import { timmSpecOf } from '../vit/timm.js'
import { timmArchitecture } from '../vit/timm-architectures.js'
import { argumentsOf } from '../vit/timm-arguments.js'
import { evaSpecOf } from '../vit/timm-eva.js'
import { evaArchitecture } from '../vit/timm-eva-architectures.js'
import { evaArgumentsOf } from '../vit/timm-eva-arguments.js'
import { evaNames } from '../vit/timm-eva-names.js'
import type { ImageSpec, LinearSpec } from './spec.js'

export const timmKeys = ['timm_model_name', 'timm_pool', 'timm_proj', 'timm_proj_bias']

const poolings = { token: 'class', avg: 'mean', map: 'attention' } as const

/**
 * A vision Transformer of timm, with the pooling and projection of open_clip's TimmModel: a projection of its own, timm's
 * classifier, or none.
 * @param width of the shared space
 * @throws CONFIG_INVALID
 */
export function timmTower(config: Config, width: number, reader: WeightReader): ImageSpec {
  const { kind, layers } = readProjection(config, width)
  const own = layers.length > 0
  const pool = oneOf(config, 'timm_pool', ['', ...(['token', 'avg', 'map'] as const)], 'avg')
  if (pool === '' && !own) throw configInvalid(config, 'timm_pool', "'token', 'avg' or 'map'")
  // Before a projection of its own, open_clip changes the pooling of the complete model, whose norms stay.
  const { vit, names } = trunkOf(
    config,
    { num_classes: kind === 'classifier' ? width : 0 },
    own || pool === '' ? {} : { global_pool: pool },
    reader.scope(trunk),
  )
  const pooling = own && pool !== '' ? poolings[pool] : vit.head.pooling
  if (pooling === 'attention' && vit.head.pooling !== 'attention')
    throw configInvalid(config, 'timm_pool', 'a pooling for which the model has weights')
  return {
    vit: { ...vit, head: { ...vit.head, pooling }, accepts: 'on-request' },
    ...{ names, scope: trunk, naflex: false },
    projection: layers,
  }
}

/** The module of timm's model. */
export const trunk = 'visual.trunk'

function trunkOf(
  config: Config,
  values: { readonly num_classes: number },
  pooling: { readonly global_pool?: 'token' | 'avg' | 'map' },
  reader: WeightReader,
): Pick<ImageSpec, 'vit' | 'names'> {
  const name = string(config, 'timm_model_name')
  const plain = timmArchitecture(name)
  if (plain && !plain.distilled)
    return {
      vit: timmSpecOf(argumentsOf({ ...config, values }, { ...plain, ...pooling }), plain),
      names: commonNames,
    }
  const eva = evaArchitecture(name)
  if (!eva)
    throw configInvalid(
      config,
      'timm_model_name',
      'a vision Transformer of timm, plain or of its class Eva, or a ConvNeXt',
    )
  const args = evaArgumentsOf({ ...config, values }, { ...eva, ...pooling })
  return { vit: evaSpecOf(args), names: evaNames(args, reader) }
}

/**
 * What makes the vector of an image: layers of open_clip's own, or none of them.
 * @param width of the shared space
 * @throws CONFIG_INVALID
 */
export function readProjection(config: Config, width: number) {
  const kind = projectionKind(config)
  if (kind !== 'linear' && kind !== 'mlp') return { kind, layers: [] }
  return { kind, layers: layersOf(kind, width, boolean(config, 'timm_proj_bias', false)) }
}

/** An empty or null timm_proj stands for timm's classifier. */
function projectionKind(config: Config): 'linear' | 'mlp' | 'none' | 'classifier' {
  if (!Object.hasOwn(config.values, 'timm_proj')) return 'linear'
  const kinds = ['', 'linear', 'mlp', 'none'] as const
  return optional((from, key) => oneOf(from, key, kinds), config, 'timm_proj') || 'classifier'
}

function layersOf(kind: 'linear' | 'mlp', width: number, bias: boolean): readonly LinearSpec[] {
  if (kind === 'linear') return [{ name: 'visual.head.proj', width, bias }]
  return [
    { name: 'visual.head.mlp.fc1', width: 2 * width, bias: true },
    { name: 'visual.head.mlp.fc2', width, bias },
  ]
}
