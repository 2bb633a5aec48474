import { Convolution } from '../../nn/convolution.js'
import { Linear } from '../../nn/linear.js'
import { adaptiveAveragePool } from '../../nn/pooling.js'
import * as ops from '../../ops/index.js'
import type { WeightReader } from '../../weights/reader.js'
import { channelsFirst, ImageNetwork, type ImageNetworkInput, type ImageTrace } from '../image-network.js'
import type { ModelParts } from '../model.js'

/** Widths of the convolutions and of the hidden linear layers, and the number of classes. */
export interface AlexNetSpec {
  readonly widths: readonly number[]
  readonly hidden: readonly number[]
  readonly classes: number
}

/** A convolution of the network, with its index in the library's list of modules. */
interface LayerSpec {
  readonly index: number
  readonly kernel: number
  readonly options: ops.ConvolutionOptions
  /** Whether a max pooling follows. */
  readonly pools: boolean
}

/** The convolutions (Krizhevsky 2014). */
export const layers: readonly LayerSpec[] = [
  { index: 0, kernel: 11, options: { stride: 4, padding: 2 }, pools: true },
  { index: 3, kernel: 5, options: { padding: 2 }, pools: true },
  { index: 6, kernel: 3, options: { padding: 1 }, pools: false },
  { index: 8, kernel: 3, options: { padding: 1 }, pools: false },
  { index: 10, kernel: 3, options: { padding: 1 }, pools: true },
]

/** Side of the maps that the linear layers read. */
const side = 6
/** Indices of the linear layers in the library's list of modules. */
const linears = [1, 4, 6] as const

export type AlexNetModules = ReturnType<typeof readAlexNet>

/** Reads the weights under the names of torchvision. */
export function readAlexNet(reader: WeightReader, { widths, hidden, classes }: AlexNetSpec) {
  const flat = widths.at(-1)! * side * side
  const sizes = [flat, ...hidden, classes]
  return {
    convolutions: layers.map(({ index, kernel, options }, at) => {
      const shape = { inputs: at === 0 ? 3 : widths[at - 1]!, outputs: widths[at]!, kernel }
      return Convolution.read(reader, `features.${index}`, shape, options)
    }),
    linears: linears.map((index, at) =>
      Linear.read(reader, `classifier.${index}`, sizes[at]!, sizes[at + 1]!),
    ),
  }
}

export interface AlexNetTrace extends ImageTrace {
  /** Output of the first convolution, before its activation. */
  readonly first: ops.FloatTensor
  /** [B, 6, 6, C]: input of the linear layers. */
  readonly pooled: ops.FloatTensor
}

/** AlexNet (Krizhevsky et al. 2012; here as in torchvision): five convolutions and three linear layers. */
export class AlexNet extends ImageNetwork<AlexNetTrace> {
  readonly modules: AlexNetModules

  /** Use load(). */
  constructor(parts: ModelParts, modules: AlexNetModules) {
    super(parts)
    this.modules = modules
  }

  /** A smaller image leaves nothing after the poolings. */
  protected override get input(): ImageNetworkInput {
    return { channels: 3, smallest: 63 }
  }

  protected override forward(images: ops.FloatTensor): AlexNetTrace {
    const { convolutions } = this.modules
    const first = convolutions[0]!.forward(images)
    const outputs: ops.FloatTensor[] = []
    let x = first
    for (const [index, { pools }] of layers.entries()) {
      if (index > 0) x = convolutions[index]!.forward(x)
      const activated: ops.FloatTensor = ops.relu(x)
      x = pools ? ops.maxPool2d(activated, { kernel: 3, stride: 2 }) : activated
      outputs.push(x)
    }
    const [stem, ...stages] = outputs
    return { first, stem: stem!, stages, features: x, ...this.#classify(x) }
  }

  #classify(features: ops.FloatTensor) {
    const [one, two, three] = this.modules.linears
    const pooled = adaptiveAveragePool(features, [side, side])
    const flat = ops.reshape(channelsFirst(pooled), [pooled.shape[0]!, -1]) as ops.FloatTensor
    const hidden: ops.FloatTensor = ops.relu(one!.forward(flat))
    const preLogits: ops.FloatTensor = ops.relu(two!.forward(hidden))
    return { pooled, preLogits, logits: three!.forward(preLogits) }
  }
}
