import { type MapModule, runStages } from '../../nn/feature-maps.js'
import type { Linear } from '../../nn/linear.js'
import { type GlobalPooling, globalPool } from '../../nn/pooling.js'
import type * as ops from '../../ops/index.js'
import { ImageNetwork, type ImageNetworkInput, type ImageTrace } from '../image-network.js'
import type { ModelParts } from '../model.js'

/** The modules of a convolution network, in the order of the forward pass. */
export interface ConvNetModules {
  readonly input: ImageNetworkInput
  readonly stem: MapModule
  /** The parts whose outputs are the hidden states. */
  readonly stages: readonly MapModule[]
  /** A convolution, norm or activation between the last stage and the pooling. */
  readonly last?: MapModule | undefined
  readonly pooling: GlobalPooling
  readonly classifier: Linear | undefined
}

/** A network of a stem, stages of convolutions, a pooling and a classifier: ResNet, BiT, EfficientNet, NFNet. */
export class ConvNet extends ImageNetwork {
  readonly modules: ConvNetModules

  /** Use load(). */
  constructor(parts: ModelParts, modules: ConvNetModules) {
    super(parts)
    this.modules = modules
  }

  protected override get input(): ImageNetworkInput {
    return this.modules.input
  }

  protected override forward(images: ops.FloatTensor): ImageTrace {
    const { modules } = this
    const stem = modules.stem.forward(images)
    const { stages, last } = runStages(modules.stages, stem)
    const features = modules.last?.forward(last) ?? last
    const preLogits = globalPool(features, modules.pooling)
    return { stem, stages, features, preLogits, logits: modules.classifier?.forward(preLogits) }
  }
}
