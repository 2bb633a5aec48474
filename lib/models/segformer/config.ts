import {
  boolean,
  type Config,
  configInvalid,
  listGetter,
  nameOf,
  positiveInt,
  positiveInts,
  string,
} from '../../files/config.js'
import { type Activation, activation } from '../../nn/activation.js'
import { checkSizes } from '../sizes.js'

/** A patch embedding and the layers after it. */
export interface SegformerStage {
  readonly width: number
  readonly depth: number
  readonly heads: number
  readonly feedForward: number
  /** Side of a patch, and distance between patches, which may overlap. */
  readonly patch: number
  readonly stride: number
  /** Keys and values are computed from maps of this part of the height and width; 1: of the same size. */
  readonly reduction: number
}

/** The parts of transformers' SegformerConfig that change the computation. Its layer_norm_eps is used nowhere. */
export interface SegformerConfig {
  readonly channels: number
  readonly stages: readonly SegformerStage[]
  readonly activation: Activation
  /** Width of the head of semantic segmentation. */
  readonly decoder: number
  /** Whether the last hidden state is a map like those of the other stages, or a sequence. */
  readonly reshapeLast: boolean
}

const positiveNumbers = listGetter(
  'a finite number above 0',
  (value): value is number => typeof value === 'number' && value > 0 && Number.isFinite(value),
)

/** Reads config.json, with the library's defaults. @throws CONFIG_INVALID, LIMIT_EXCEEDED */
export function readSegformerConfig(config: Config): SegformerConfig {
  const decoder = positiveInt(config, 'decoder_hidden_size', 256)
  checkSizes(config.file, { width: decoder })
  return {
    channels: positiveInt(config, 'num_channels', 3),
    stages: readStages(config),
    activation: activation(string(config, 'hidden_act', 'gelu'), nameOf(config, 'hidden_act')),
    decoder,
    reshapeLast: boolean(config, 'reshape_last_stage', true),
  }
}

function readStages(config: Config): readonly SegformerStage[] {
  const count = positiveInt(config, 'num_encoder_blocks', 4)
  checkSizes(config.file, { layers: count })
  const each = (key: string, fallback: readonly number[], get = positiveInts) => {
    const values = get(config, key, fallback)
    if (values.length < count)
      throw configInvalid(config, key, `${count} numbers, as num_encoder_blocks says`)
    return values
  }
  const depths = each('depths', [2, 2, 2, 2])
  const widths = each('hidden_sizes', [32, 64, 160, 256])
  const heads = each('num_attention_heads', [1, 2, 5, 8])
  const ratios = each('mlp_ratios', [4, 4, 4, 4], positiveNumbers)
  const patches = each('patch_sizes', [7, 3, 3, 3])
  const strides = each('strides', [4, 2, 2, 2])
  const reductions = each('sr_ratios', [8, 4, 2, 1])
  return Array.from({ length: count }, (_, index) => {
    const [width, patch, reduction] = [widths[index]!, patches[index]!, reductions[index]!]
    const stage = { width, patch, reduction, stride: strides[index]! }
    const feedForward = Math.trunc(width * ratios[index]!)
    const [depth, parts] = [depths[index]!, heads[index]!]
    checkSizes(config.file, { layers: depth, heads: parts, width: [width, feedForward] })
    checkSizes(config.file, { modelImageSide: [patch, stage.stride, reduction] })
    if (width % parts !== 0)
      throw configInvalid(config, 'num_attention_heads', `divisors of hidden_sizes (${width})`)
    return { ...stage, depth, heads: parts, feedForward }
  })
}
