import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  oneOf,
  positiveInt,
  sizePair,
  string,
} from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { timmArchitecture } from '../convnext/timm-architectures.js'
import { gridOf } from '../vit/grid.js'
import { commonNames, type VitNames } from '../vit/names.js'
import type { PositionTable, Size, VitSpec } from '../vit/spec.js'
import type { ClipParts } from './build.js'
import { convNextTower } from './open-clip-convnext.js'
import { checkKeys, layerKeys, openClipBlock, openClipLayers, refuse } from './open-clip-keys.js'
import { openClipResNet } from './open-clip-resnet.js'
import { timmKeys, timmTower } from './open-clip-timm.js'

/**
 * The image encoder of an open_clip_config.json: vision_cfg.
 * @param projection width of the shared space
 * @throws CONFIG_INVALID
 */
export function openClipImage(
  config: Config,
  projection: number,
  quick: boolean,
  reader: WeightReader,
): Pick<ClipParts, 'image' | 'resnet' | 'convnext'> {
  checkKeys(config, {
    used: [
      ...layerKeys.used,
      ...['head_width', 'patch_size', 'image_size', 'attentional_pool', 'no_ln_pre', 'pos_embed_type'],
      ...['final_ln_after_pool', 'pool_type', ...timmKeys],
    ],
    unused: [
      ...layerKeys.unused,
      ...['patch_dropout', 'attn_pooler_queries', 'attn_pooler_heads'],
      ...['timm_model_pretrained', 'timm_drop', 'timm_drop_path'],
    ],
  })
  if (isSet(config, 'timm_model_name') && config.values.timm_model_name !== '') {
    const convnext = timmArchitecture(string(config, 'timm_model_name'))
    if (convnext) return { convnext: convNextTower(config, convnext, projection) }
    return { image: timmTower(config, projection, reader) }
  }
  if (Array.isArray(config.values.layers)) return { resnet: openClipResNet(config, projection) }
  refuse(config, 'attentional_pool')
  const image = {
    vit: visionTransformer(config, quick, reader),
    names,
    ...{ scope: undefined, naflex: false },
    projection: [{ name: 'visual.proj', width: projection, bias: false, transposed: true }],
  }
  return { image }
}

const names: VitNames = {
  ...commonNames,
  classToken: 'visual.class_embedding',
  patches: 'visual.conv1',
  positions: 'visual.positional_embedding',
  embeddingNorm: 'visual.ln_pre',
  block: (index) => openClipBlock('visual.', index),
  norm: 'visual.ln_post',
  headNorm: 'visual.ln_post',
}

function visionTransformer(config: Config, quick: boolean, reader: WeightReader): VitSpec {
  const image = sizePair(config, 'image_size', [224, 224])
  const patch = sizePair(config, 'patch_size', [16, 16])
  const width = positiveInt(config, 'width', 768)
  const headWidth = positiveInt(config, 'head_width', 64)
  if (headWidth > width) throw configInvalid(config, 'head_width', `at most the width, ${width}`)
  const normAfter = boolean(config, 'final_ln_after_pool', false)
  // Sines and cosines are stored like a learned table.
  oneOf(config, 'pos_embed_type', ['learnable', 'sin_cos_2d'], 'learnable')
  return {
    ...openClipLayers(config, width, Math.floor(width / headWidth), quick),
    ...{ channels: 3, image, patch, accepts: 'on-request', patchBias: false },
    prefix: { class: true, distillation: false, registers: 0 },
    positions: positionsOf(gridOf(image, patch), reader),
    ...{ maskToken: false, embeddingNorm: !boolean(config, 'no_ln_pre', false) },
    ...{ finalNorm: !normAfter, decoder: undefined },
    head: {
      pooling: oneOf(config, 'pool_type', ['tok', 'avg'], 'tok') === 'tok' ? 'class' : 'mean',
      ...{ over: 'patches', poolingHidden: 0, norm: normAfter, pooler: undefined, classes: 0 },
    },
  }
}

/** Weights of another image size: open_clip assumes a square table and resizes it at loading. */
function positionsOf(grid: Size, reader: WeightReader): PositionTable {
  const table = { covers: 'all', grid, resize: 'timm' } as const
  const stored = (reader.shapeOf(names.positions)?.[0] ?? 0) - 1
  const side = Math.floor(Math.sqrt(Math.max(stored, 0)))
  if (stored === grid[0] * grid[1] || side === 0 || side * side !== stored) return table
  return { ...table, storedGrid: [side, side] }
}
