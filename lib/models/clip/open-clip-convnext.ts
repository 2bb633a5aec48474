import { type Config, configInvalid, oneOf, sizePair } from '../../files/config.js'
import { timmNames, timmSpecOf } from '../convnext/timm.js'
import type { ConvNextTowerSpec } from './convnext-tower.js'
import { readProjection, trunk } from './open-clip-timm.js'

/**
 * A ConvNeXt of timm, with the pooling and projection of open_clip's TimmModel.
 * @param implied arguments of timm's class that the name implies
 * @param width of the shared space
 * @throws CONFIG_INVALID
 */
export function convNextTower(
  config: Config,
  implied: Readonly<Record<string, unknown>>,
  width: number,
): ConvNextTowerSpec {
  const { kind, layers } = readProjection(config, width)
  const pool = oneOf(config, 'timm_pool', ['', 'avg', 'max', 'avgmax'], 'avg')
  if (pool === '' && layers.length === 0)
    throw configInvalid(config, 'timm_pool', "'avg', 'max' or 'avgmax' without a projection of its own")
  const values = { ...implied, ...(pool !== '' && { global_pool: pool }) }
  const convnext = timmSpecOf({ ...config, values }, kind === 'classifier' ? width : 0)
  const features = convnext.head.hidden ?? convnext.stages.at(-1)!.width
  if (kind === 'none' && features !== width)
    throw configInvalid(
      config,
      'timm_proj',
      `a projection from ${features} features to the embed_dim, ${width}`,
    )
  return {
    ...{ convnext, names: timmNames(convnext), scope: trunk, projection: layers },
    image: sizePair(config, 'image_size', [224, 224]),
  }
}
