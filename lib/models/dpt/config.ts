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
import { dinov2Backbone, ownBackbone } from './backbone.js'
import type { DepthSpec, DptSpec, NeckSpec, ReassembleSpec } from './spec.js'

const factors = listGetter(
  'a whole number, or a number from 0 to 1',
  (value): value is number =>
    typeof value === 'number' && value > 0 && (value < 1 || Number.isSafeInteger(value)),
)
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
    ...neckOf(config, backbone.features.length, { widths: [48, 96, 192, 384], fusion: 64 }),
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
  if (boolean(config, 'is_hybrid', false)) throw configInvalid(config, 'is_hybrid', 'false')
  const given = isSet(config, 'backbone_config') ? object(config, 'backbone_config') : undefined
  const backbone = given ? dinov2Backbone(given, reader) : ownBackbone(config)
  const batchNorm = optional(boolean, config, 'use_batch_norm_in_fusion_residual') ?? false
  const name = string(config, 'hidden_act', 'gelu')
  activation(name, `${config.file}, "hidden_act"`)
  const neck: NeckSpec = {
    ...neckOf(config, backbone.features.length, { widths: [96, 192, 384, 768], fusion: 256 }),
    ...{ readout: oneOf(config, 'readout_type', ['ignore', 'add', 'project'], 'project'), activation: name },
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

function neckOf(
  config: Config,
  features: number,
  defaults: { readonly widths: readonly number[]; readonly fusion: number },
): Pick<NeckSpec, 'reassemble' | 'width'> {
  const widths = positiveInts(config, 'neck_hidden_sizes', defaults.widths)
  const sizes = factors(config, 'reassemble_factors', [4, 2, 1, 0.5])
  const width = positiveInt(config, 'fusion_hidden_size', defaults.fusion)
  checkSizes(config.file, { width: [...widths, width] })
  if (widths.length !== features || features === 0)
    throw configInvalid(
      config,
      'neck_hidden_sizes',
      `${features} widths, one for each feature of the backbone`,
    )
  if (sizes.length < features)
    throw configInvalid(config, 'reassemble_factors', `${features} factors, one for each width`)
  const reassemble: ReassembleSpec[] = widths.map((each, at) => ({ width: each, factor: sizes[at]! }))
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
