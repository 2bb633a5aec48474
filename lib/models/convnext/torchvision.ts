import { type Config, configInvalid, isPositive, isSet, nonNegativeInt, object } from '../../files/config.js'
import { imageTasks } from '../family.js'
import { labelsOf } from '../labels.js'
import type { ConvNextLayout } from './layout.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

/** torchvision's CNBlockConfig: input width, output width or null, number of layers. */
type BlockSetting = readonly [inputs: number, outputs: number | null, layers: number]

/** The published sizes of torchvision: depths of the stages, and width of the first. */
const published: Record<string, readonly [depths: readonly number[], width: number]> = {
  convnext_tiny: [[3, 3, 9, 3], 96],
  convnext_small: [[3, 3, 27, 3], 96],
  convnext_base: [[3, 3, 27, 3], 128],
  convnext_large: [[3, 3, 27, 3], 192],
}

/** ConvNeXt of torchvision. Stages and downsamplings are numbered in one list, `features`. */
export const torchvision: ConvNextLayout = {
  library: 'torchvision',
  published: ['convnext', ...Object.keys(published)],
  claims: (name) => name === 'convnext' || Object.hasOwn(published, name),

  describe({ config, kind }) {
    const args = isSet(config, 'args') ? object(config, 'args') : { ...config, values: {} }
    const setting = blockSetting(args, kind.name)
    const spec = readSpec(setting, nonNegativeInt(args, 'num_classes', 1000))
    return {
      ...{ spec, names: namesAt(stageIndices(spec)), className: kind.name },
      tasks: imageTasks(true),
      labels: labelsOf(config, spec.head.classes),
      imageSize: [3, 224, 224],
    }
  },
}

function blockSetting(args: Config, architecture: string): readonly BlockSetting[] {
  if (!isSet(args, 'block_setting') && Object.hasOwn(published, architecture)) {
    const [depths, width] = published[architecture]!
    return depths.map((layers, index) => [
      width * 2 ** index,
      index < 3 ? width * 2 ** (index + 1) : null,
      layers,
    ])
  }
  const setting = args.values.block_setting
  const valid =
    Array.isArray(setting) &&
    setting.length > 0 &&
    setting.every(
      (row) =>
        Array.isArray(row) &&
        row.length === 3 &&
        isPositive(row[0]) &&
        isPositive(row[2]) &&
        (row[1] === null || isPositive(row[1])),
    )
  if (!valid)
    throw configInvalid(args, 'block_setting', 'a list of [input width, output width or null, layers]')
  return setting as BlockSetting[]
}

function readSpec(setting: readonly BlockSetting[], classes: number): ConvNextSpec {
  const stages = setting.map(([width, , depth], index) => ({
    width,
    depth,
    kernel: 7,
    downsample: index > 0 && setting[index - 1]![1] !== null ? 2 : undefined,
  }))
  // If the last stage has an output width, a downsampling follows it.
  const lastOutputs = setting[setting.length - 1]![1]
  if (lastOutputs !== null) stages.push({ width: lastOutputs, depth: 0, kernel: 7, downsample: 2 })
  return {
    channels: 3,
    stem: { kind: 'patch', patch: 4, middle: 0 },
    stages,
    convBias: true,
    layerScale: true,
    responseNorm: false,
    activation: 'gelu',
    norm: 'layer',
    epsilon: 1e-6,
    head: { norm: 'after-pool', pool: 'average', epsilon: 1e-6, classes },
  }
}

/** Indices of a stage in the list `features`. */
interface StageIndices {
  /** Index of the downsampling before the stage, if there is one. */
  readonly downsample: number | undefined
  /** Index of the blocks; undefined for a final downsampling, which has none. */
  readonly stage: number | undefined
}

/** Indices of all stages in `features`; the stem has index 0. */
export function stageIndices({ stages }: ConvNextSpec): StageIndices[] {
  let next = 1
  return stages.map(({ downsample, depth }) => ({
    downsample: downsample === undefined ? undefined : next++,
    stage: depth > 0 ? next++ : undefined,
  }))
}

function namesAt(indices: readonly StageIndices[]): ConvNextNames {
  return {
    stem: ['features.0.0', 'features.0.1'],
    downsample: (stage) => ({
      norm: `features.${indices[stage]!.downsample}.0`,
      convolution: `features.${indices[stage]!.downsample}.1`,
    }),
    block: (stage, block) => {
      const scope = `features.${indices[stage]!.stage}.${block}`
      return {
        depthwise: `${scope}.block.0`,
        norm: `${scope}.block.2`,
        first: `${scope}.block.3`,
        second: `${scope}.block.5`,
        layerScale: `${scope}.layer_scale`,
        responseNorm: '',
      }
    },
    headNorm: 'classifier.0',
    headHidden: '',
    classifier: 'classifier.2',
  }
}
