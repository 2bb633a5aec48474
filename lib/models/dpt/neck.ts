import { sizesOf } from '../../graph/shape.js'
import { activation } from '../../nn/activation.js'
import { BatchNorm } from '../../nn/batch-norm.js'
import { Convolution } from '../../nn/convolution.js'
import { ConvolutionNorm } from '../../nn/convolution-norm.js'
import { type MapModule, mapOp, residual, sequence } from '../../nn/feature-maps.js'
import type { Grid } from '../../nn/grid-bias.js'
import { Linear } from '../../nn/linear.js'
import { resizeMaps } from '../../nn/resize-maps.js'
import { TransposedConvolution } from '../../nn/transposed-convolution.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import type { NeckSpec, Readout, ReassembleSpec } from './spec.js'

const normEpsilon = 1e-5

/** Turns the tokens of a hidden state into a map of a size of its own. */
class Reassemble {
  readonly #readout: Readout
  readonly #project: MapModule | undefined
  readonly #map: MapModule

  constructor(reader: WeightReader, index: number, spec: NeckSpec, width: number) {
    const { width: outputs, factor } = spec.reassemble[index]!
    const layer = reader.scope('reassemble_stage.layers').scope(index)
    this.#readout = spec.readout
    this.#project =
      spec.readout === 'project'
        ? sequence([
            Linear.read(reader, `reassemble_stage.readout_projects.${index}.0`, 2 * width, width),
            mapOp(activation(spec.activation)),
          ])
        : undefined
    this.#map = sequence([
      Convolution.read(layer, 'projection', { inputs: width, outputs, kernel: 1 }),
      readResize(layer, { width: outputs, factor }),
    ])
  }

  /** tokens float32 [B, 1 + rows * columns, width], the class token first, to a map [B, H, W, channels]. */
  forward(tokens: ops.FloatTensor, [rows, columns]: Grid): ops.FloatTensor {
    const [batch, , width] = sizesOf(tokens.shape, 3)
    const classToken: ops.FloatTensor = ops.slice(tokens, { axis: 1, end: 1 })
    const patches: ops.FloatTensor = ops.slice(tokens, { axis: 1, start: 1 })
    return this.#map.forward(
      ops.reshape(this.#read(patches, classToken), [batch, rows, columns, width]) as ops.FloatTensor,
    )
  }

  #read(patches: ops.FloatTensor, classToken: ops.FloatTensor): ops.FloatTensor {
    if (this.#readout === 'add') return ops.add(patches, classToken)
    if (!this.#project) return patches
    const repeated: ops.FloatTensor = ops.expand(classToken, patches.shape)
    return this.#project.forward(ops.concat([patches, repeated], 2))
  }
}

function readResize(
  reader: WeightReader,
  { width, factor }: Omit<ReassembleSpec, 'tokens'>,
): MapModule | undefined {
  if (factor === 1) return undefined
  if (factor > 1) return TransposedConvolution.read(reader, 'resize', width, width, factor)
  const shape = { inputs: width, outputs: width, kernel: 3 }
  return Convolution.read(reader, 'resize', shape, { stride: Math.trunc(1 / factor), padding: 1 })
}

/** Adds a map to the fused ones so far, and resizes the sum. */
class Fusion {
  readonly #skip: MapModule | undefined
  readonly #sum: MapModule
  readonly #projection: Convolution

  /** @param hasSkip whether there are fused maps; the coarsest map is the first */
  constructor(reader: WeightReader, spec: NeckSpec, hasSkip: boolean) {
    const { width } = spec
    const skip = reader.scope('residual_layer1')
    if (!hasSkip) skip.ignore(/^/, 'of the coarsest map, which has nothing to be added to')
    this.#skip = hasSkip ? readResidual(skip, spec) : undefined
    this.#sum = readResidual(reader.scope('residual_layer2'), spec)
    this.#projection = Convolution.read(reader, 'projection', { inputs: width, outputs: width, kernel: 1 })
  }

  /**
   * @param fused the fused map so far, [B, H, W, width]
   * @param map of the next hidden state; undefined for the first
   * @param size of the result; undefined: twice that of the fused map
   */
  forward(fused: ops.FloatTensor, map: ops.FloatTensor | undefined, size: Grid | undefined): ops.FloatTensor {
    const [, height, width] = sizesOf(fused.shape, 4)
    const sum =
      map && this.#skip
        ? ops.add(fused, this.#skip.forward(resizeMaps(map, [height, width], { alignCorners: false })))
        : fused
    const resized = resizeMaps(this.#sum.forward(sum), size ?? [2 * height, 2 * width], {
      alignCorners: true,
    })
    return this.#projection.forward(resized)
  }
}

/** Two convolutions, each after a relu, with a residual connection. */
function readResidual(reader: WeightReader, { width, batchNorm, bias }: NeckSpec): MapModule {
  const convolution = (index: 1 | 2) => {
    const shape = { inputs: width, outputs: width, kernel: 3, bias }
    const norm = batchNorm ? BatchNorm.read(reader, `batch_norm${index}`, width, normEpsilon) : undefined
    return new ConvolutionNorm(Convolution.read(reader, `convolution${index}`, shape, { padding: 1 }), norm)
  }
  return residual(sequence([mapOp(ops.relu), convolution(1), mapOp(ops.relu), convolution(2)]))
}

/** Makes maps of several sizes of hidden states, and fuses them from the coarsest to the finest (Ranftl et al. 2021, DPT). */
export class Neck {
  readonly #fusedSize: NeckSpec['fusedSize']
  readonly #reassemble: readonly (Reassemble | undefined)[]
  readonly #convolutions: readonly Convolution[]
  readonly #fusions: readonly Fusion[]

  /** @param width of the tokens */
  constructor(reader: WeightReader, spec: NeckSpec, width: number) {
    this.#fusedSize = spec.fusedSize
    this.#reassemble = spec.reassemble.map(({ tokens }, index) =>
      tokens ? new Reassemble(reader, index, spec, width) : undefined,
    )
    this.#convolutions = spec.reassemble.map(({ width: inputs }, index) =>
      Convolution.read(
        reader,
        `convs.${index}`,
        { inputs, outputs: spec.width, kernel: 3, bias: false },
        { padding: 1 },
      ),
    )
    this.#fusions = spec.reassemble.map(
      (_, index) => new Fusion(reader.scope('fusion_stage.layers').scope(index), spec, index > 0),
    )
  }

  /**
   * @param states tokens float32 [B, 1 + rows * columns, width], or maps [B, H, W, channels]
   * @returns the fused maps, float32 [B, H, W, channels] each, the coarsest first
   */
  forward(states: readonly ops.FloatTensor[], grid: Grid): readonly ops.FloatTensor[] {
    const maps = states.map((state, index) =>
      this.#convolutions[index]!.forward(this.#reassemble[index]?.forward(state, grid) ?? state),
    )
    const [coarsest, ...finer] = maps.reverse()
    const sizeOf = (map: ops.FloatTensor | undefined): Grid | undefined =>
      map && this.#fusedSize === 'next' ? [map.shape[1]!, map.shape[2]!] : undefined
    const fused = [this.#fusions[0]!.forward(coarsest!, undefined, sizeOf(finer[0]))]
    finer.forEach((map, index) => {
      fused.push(this.#fusions[index + 1]!.forward(fused[index]!, map, sizeOf(finer[index + 1])))
    })
    return fused
  }
}
