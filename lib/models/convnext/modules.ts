import { Convolution } from '../../nn/convolution.js'
import { type Linear, readPointwise } from '../../nn/linear.js'
import type { Norm } from '../../nn/norm.js'
import type { WeightReader } from '../../weights/reader.js'
import { checkSizes } from '../sizes.js'
import { Block, readNorm } from './block.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

/** A stage: blocks, and before them the norm and convolution of the downsampling. */
export interface Stage {
  readonly norm?: Norm
  readonly convolution?: Convolution
  readonly blocks: readonly Block[]
}

/** The modules of a ConvNeXt, in the order of the forward pass. */
export interface ConvNextModules {
  readonly stem: readonly Convolution[]
  readonly stemNorm: Norm
  readonly stages: readonly Stage[]
  readonly headNorm: Norm | undefined
  readonly hidden: Linear | undefined
  readonly classifier: Linear | undefined
}

/** @throws LIMIT_EXCEEDED for a spec that is too large */
export function checkConvNextSizes(file: string, { stages, head }: ConvNextSpec): void {
  const layers = stages.map(({ depth }) => depth)
  checkSizes(file, { layers, width: [...stages.map(({ width }) => width), head.hidden ?? 0] })
}

/** Reads the weights that the spec needs, under the names of a layout. */
export function readConvNext(
  reader: WeightReader,
  spec: ConvNextSpec,
  names: ConvNextNames,
): ConvNextModules {
  const { stages, head, epsilon } = spec
  const width = stages[stages.length - 1]!.width
  return {
    stem: readStem(reader, names, spec),
    stemNorm: readNorm(reader, names.stem[names.stem.length - 1]!, stages[0]!.width, spec, epsilon),
    stages: stages.map((_, index) => readStage(reader, names, spec, index)),
    headNorm: head.norm === 'none' ? undefined : readNorm(reader, names.headNorm, width, spec, head.epsilon),
    hidden:
      head.hidden === undefined ? undefined : readPointwise(reader, names.headHidden, width, head.hidden),
    classifier:
      head.classes > 0
        ? readPointwise(reader, names.classifier, head.hidden ?? width, head.classes)
        : undefined,
  }
}

function readStage(reader: WeightReader, names: ConvNextNames, spec: ConvNextSpec, index: number): Stage {
  const { stages, epsilon, convBias } = spec
  const stage = stages[index]!
  const blocks = Array.from(
    { length: stage.depth },
    (_, block) => new Block(reader, names.block(index, block), spec, stage),
  )
  if (stage.downsample === undefined) return { blocks }
  const inputs = stages[Math.max(0, index - 1)]!.width
  const { norm, convolution } = names.downsample(index)
  const shape = { inputs, outputs: stage.width, kernel: stage.downsample, bias: convBias }
  return {
    norm: readNorm(reader, norm, inputs, spec, epsilon),
    convolution: Convolution.read(reader, convolution, shape, { stride: stage.downsample }),
    blocks,
  }
}

function readStem(reader: WeightReader, names: ConvNextNames, spec: ConvNextSpec): Convolution[] {
  const { stem, channels, convBias: bias } = spec
  const { width } = spec.stages[0]!
  if (stem.kind === 'patch') {
    const shape = { inputs: channels, outputs: width, kernel: stem.patch, bias }
    return [Convolution.read(reader, names.stem[0]!, shape, { stride: stem.patch })]
  }
  const options = { stride: 2, padding: 1 }
  const first = { inputs: channels, outputs: stem.middle, kernel: 3, bias }
  const second = { inputs: stem.middle, outputs: width, kernel: 3, bias }
  return [
    Convolution.read(reader, names.stem[0]!, first, options),
    Convolution.read(reader, names.stem[1]!, second, options),
  ]
}
