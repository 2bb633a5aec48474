import {
  boolean,
  type Config,
  configInvalid,
  getter,
  isSet,
  listGetter,
  object,
  oneOf,
  optional,
  positiveInt,
  positiveInts,
  positiveNumber,
  sizePair,
  string,
} from '../../files/config.js'
import { activation } from '../../nn/activation.js'
import type { WeightReader } from '../../weights/reader.js'
import { checkSizes } from '../sizes.js'
import { dinov2Backbone, hybridBackbone, namedBackbone, ownBackbone } from './backbone.js'
import type { BackboneSpec, DepthSpec, DptSpec, NeckSpec, ReassembleSpec } from './spec.js'

const factors = listGetter(
  'a whole number, or a number from 0 to 1',
  (value): value is number =>
    typeof value === 'number' && value > 0 && (value < 1 || Number.isSafeInteger(value)),
)
const readouts = ['ignore', 'add', 'project'] as const
const index = getter('a whole number', (value): value is number => Number.isSafeInteger(value))

/** The backbone that the library assumes where a config of Depth Anything has none. */
const smallDinov2 = {
  ...{ model_type: 'dinov2', image_size: 518, hidden_size: 384, num_attention_heads: 6 },
  ...{ out_indices: [9, 10, 11, 12], reshape_hidden_states: false },
}

/** Reads a config of DepthAnythingForDepthEstimation. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function readDepthAnything(config: Config, reader: WeightReader): DptSpec {
  const given = isSet(config, 'backbone_config')
    ? object(config, 'backbone_config')
    : { ...config, values: smallDinov2 }
  const backbone = dinov2Backbone(given, reader)
  const { patch, width } = backbone.vit
  if (sizePair(config, 'patch_size', [14, 14]).some((side, axis) => side !== patch[axis]))
    throw configInvalid(config, 'patch_size', `that of the backbone (${patch.join('x')})`)
  if (positiveInt(config, 'reassemble_hidden_size', 384) !== width)
    throw configInvalid(config, 'reassemble_hidden_size', `the hidden_size of the backbone (${width})`)
  const type = oneOf(config, 'depth_estimation_type', ['relative', 'metric'], 'relative')
  const hidden = positiveInt(config, 'head_hidden_size', 32)
  checkSizes(config.file, { width: hidden })
  const neck: NeckSpec = {
    ...neckOf(config, backbone, { widths: [48, 96, 192, 384], fusion: 64 }),
    ...{ readout: 'ignore', activation: 'gelu', batchNorm: false, bias: true, fusedSize: 'next' },
  }
  return {
    ...{ backbone, neck, headInput: headInput(config, neck) },
    head: {
      ...{ kind: 'depth', hidden, projection: false, size: 'patches' },
      activation: type === 'metric' ? 'sigmoid' : 'relu',
      // The library applies it to relative depth, too. 0 is no value there.
      scale: config.values.max_depth === 0 ? 1 : (optional(positiveNumber, config, 'max_depth') ?? 1),
    },
  }
}

/**
 * Reads a config of DPTForDepthEstimation or DPTForSemanticSegmentation.
 * @param classes of each pixel; 0: depth
 * @throws CONFIG_INVALID, LIMIT_EXCEEDED
 */
export function readDpt(config: Config, reader: WeightReader, classes: number): DptSpec {
  const backbone = backboneOf(config, reader)
  const batchNorm = optional(boolean, config, 'use_batch_norm_in_fusion_residual') ?? false
  const name = string(config, 'hidden_act', 'gelu')
  activation(name, `${config.file}, "hidden_act"`)
  const neck: NeckSpec = {
    ...neckOf(config, backbone, { widths: [96, 192, 384, 768], fusion: 256 }),
    ...{ readout: oneOf(config, 'readout_type', readouts, 'project'), activation: name },
    ...{ batchNorm, fusedSize: 'double' },
    bias: optional(boolean, config, 'use_bias_in_fusion_residual') ?? !batchNorm,
  }
  const depth: DepthSpec = {
    ...{ kind: 'depth', hidden: 32, size: 'double', activation: 'relu', scale: 1 },
    projection: boolean(config, 'add_projection', false),
  }
  return {
    ...{ backbone, neck, headInput: headInput(config, neck) },
    head: classes > 0 ? { kind: 'segments', classes } : depth,
  }
}

function backboneOf(config: Config, reader: WeightReader): BackboneSpec {
  if (boolean(config, 'is_hybrid', false)) return hybridBackbone(config, reader)
  return isSet(config, 'backbone_config')
    ? namedBackbone(object(config, 'backbone_config'), reader)
    : ownBackbone(config)
}

/** Widths of the maps among the features of a backbone, which come before the tokens. */
function mapWidths(backbone: BackboneSpec): readonly number[] {
  if (backbone.kind === 'swin') {
    const { stages } = backbone.swin
    return backbone.features.map((feature) => stages[Math.max(0, feature - 1)]!.width)
  }
  if (backbone.kind === 'beit') return []
  const { stem, stages } = backbone.vit.backbone?.network ?? { stages: [] }
  return backbone.maps.map((map) => (map === 0 ? stem!.width : stages[map - 1]!.width))
}

function neckOf(
  config: Config,
  backbone: BackboneSpec,
  defaults: { readonly widths: readonly number[]; readonly fusion: number },
): Pick<NeckSpec, 'reassemble' | 'width'> {
  const widths = positiveInts(config, 'neck_hidden_sizes', defaults.widths)
  const sizes = factors(config, 'reassemble_factors', [4, 2, 1, 0.5])
  const width = positiveInt(config, 'fusion_hidden_size', defaults.fusion)
  const maps = mapWidths(backbone)
  const features = backbone.kind === 'vit' ? maps.length + backbone.features.length : backbone.features.length
  checkSizes(config.file, { width: [...widths, width] })
  if (widths.length !== features || features === 0)
    throw configInvalid(
      config,
      'neck_hidden_sizes',
      `${features} widths, one for each feature of the backbone`,
    )
  if (sizes.length < features)
    throw configInvalid(config, 'reassemble_factors', `${features} factors, one for each width`)
  const fixed = maps.findIndex((map, at) => map !== widths[at])
  if (fixed >= 0)
    throw configInvalid(config, 'neck_hidden_sizes', `the widths of the maps, ${maps.join(', ')}, first`)
  const reassemble: ReassembleSpec[] = widths.map((each, at) => ({
    ...{ width: each, factor: sizes[at]!, tokens: at >= maps.length },
  }))
  for (const { factor } of reassemble)
    checkSizes(config.file, { modelImageSide: Math.max(factor, Math.trunc(1 / factor)) })
  return { reassemble, width }
}

/** An index of the fused maps; negative ones count from the end. */
function headInput(config: Config, { reassemble }: NeckSpec): number {
  const count = reassemble.length
  const given = index(config, 'head_in_index', -1)
  const found = given < 0 ? given + count : given
  if (found < 0 || found >= count)
    throw configInvalid(config, 'head_in_index', `an index of the ${count} fused maps`)
  return found
}
