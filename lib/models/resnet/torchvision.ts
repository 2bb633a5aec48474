import {
  boolean,
  type Config,
  configInvalid,
  isSet,
  listGetter,
  nonNegativeInt,
  object,
  oneOf,
  positiveInt,
  positiveInts,
} from '../../files/config.js'
import { imageTasks } from '../family.js'
import { labelsOf } from '../labels.js'
import { authorsNames } from './authors-names.js'
import type { ResNetLayout } from './layout.js'
import type { ResNetSpec } from './spec.js'
import { stagesOf } from './stages.js'

/** The arguments that the library's builder functions pass to the class. */
const [basic, bottleneck] = [{ block: 'basic' }, { block: 'bottleneck' }]
const [layers50, layers101] = [
  [3, 4, 6, 3],
  [3, 4, 23, 3],
]
const builders: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  resnet18: { ...basic, layers: [2, 2, 2, 2] },
  resnet34: { ...basic, layers: layers50 },
  resnet50: { ...bottleneck, layers: layers50 },
  resnet101: { ...bottleneck, layers: layers101 },
  resnet152: { ...bottleneck, layers: [3, 8, 36, 3] },
  resnext50_32x4d: { ...bottleneck, layers: layers50, groups: 32, width_per_group: 4 },
  resnext101_32x8d: { ...bottleneck, layers: layers101, groups: 32, width_per_group: 8 },
  resnext101_64x4d: { ...bottleneck, layers: layers101, groups: 64, width_per_group: 4 },
  wide_resnet50_2: { ...bottleneck, layers: layers50, width_per_group: 128 },
  wide_resnet101_2: { ...bottleneck, layers: layers101, width_per_group: 128 },
}

/** torchvision.models.resnet.ResNet. The arguments of the class are under `args`. */
export const torchvision: ResNetLayout = {
  library: 'torchvision',
  published: ['resnet', ...Object.keys(builders)],
  claims: (name) => name === 'resnet' || Object.hasOwn(builders, name),

  describe({ config, kind }) {
    const named = builders[kind.name]
    const args = isSet(config, 'args') || !named ? object(config, 'args') : { ...config, values: {} }
    const spec = readSpec({ ...args, values: { ...named, ...args.values } })
    return {
      ...{ spec, names: authorsNames(spec), className: named ? kind.name : 'ResNet' },
      tasks: imageTasks(spec.classes > 0),
      labels: spec.classes > 0 ? labelsOf(config, spec.classes) : undefined,
      imageSize: [3, 224, 224],
    }
  },
}

const known = [
  ...['block', 'layers', 'num_classes', 'groups', 'width_per_group', 'replace_stride_with_dilation'],
  ...['widths', 'zero_init_residual'],
]
const flags = listGetter('true or false', (value) => typeof value === 'boolean')

function readSpec(args: Config): ResNetSpec {
  for (const key of Object.keys(args.values))
    if (!known.includes(key))
      throw configInvalid(args, key, `no such argument (supported are ${known.join(', ')})`)
  boolean(args, 'zero_init_residual', false)
  const block = oneOf(args, 'block', ['basic', 'bottleneck'])
  const depths = positiveInts(args, 'layers')
  // The class itself has fixed widths: of the stem, and of the four stages.
  const [stem, ...planes] = positiveInts(args, 'widths', [64, 64, 128, 256, 512])
  if (stem === undefined || planes.length !== 4) throw configInvalid(args, 'widths', 'five widths')
  if (depths.length !== 4) throw configInvalid(args, 'layers', 'four depths')
  const dilates = flags(args, 'replace_stride_with_dilation', [false, false, false])
  if (dilates.length !== 3) throw configInvalid(args, 'replace_stride_with_dilation', 'three flags')
  const groups = positiveInt(args, 'groups', 1)
  const baseWidth = positiveInt(args, 'width_per_group', 64)
  if (block === 'basic') {
    if (groups !== 1) throw configInvalid(args, 'groups', '1 for basic blocks')
    if (baseWidth !== 64) throw configInvalid(args, 'width_per_group', '64 for basic blocks')
    if (dilates.includes(true))
      throw configInvalid(args, 'replace_stride_with_dilation', 'none for basic blocks')
  }
  return {
    channels: 3,
    stem: { convolutions: [{ outputs: stem, kernel: 7, stride: 2 }], reduction: 'max' },
    stages: stagesOf({
      ...{ blocks: depths.map(() => block), depths, planes, groups, baseWidth, reduceFirst: 1 },
      dilates: [false, ...dilates],
    }),
    groups,
    ...{
      activation: 'relu',
      innerActivation: 'relu',
      norm: 'batch',
      antiAliasing: undefined,
      attention: undefined,
    },
    ...{ shortcut: { kernel: 1 }, pooling: 'average', classes: nonNegativeInt(args, 'num_classes', 1000) },
  }
}
