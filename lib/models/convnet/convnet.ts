import type { Activation } from '../../nn/activation.js'
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
  /** A convolution or norm between the last stage and the pooling. */
  readonly last?: MapModule | undefined
  /** An activation after it. */
  readonly lastActivation?: Activation | undefined
  readonly pooling: GlobalPooling
  readonly classifier: Linear | undefined
}

export interface ConvNetTrace extends ImageTrace {
  /** The features before the last activation. */
  readonly beforeActivation: ops.FloatTensor
}

/** A network of a stem, stages of convolutions, a pooling and a classifier: ResNet, BiT, EfficientNet, NFNet. */
export class ConvNet extends ImageNetwork<ConvNetTrace> {
  readonly modules: ConvNetModules

  /** Use load(). */
  constructor(parts: ModelParts, modules: ConvNetModules) {
    super(parts)
    this.modules = modules
  }

  protected override get input(): ImageNetworkInput {
    return this.modules.input
  }

  protected override forward(images: ops.FloatTensor): ConvNetTrace {
    const { modules } = this
    const stem = modules.stem.forward(images)
    const { stages, last } = runStages(modules.stages, stem)
    const beforeActivation = modules.last?.forward(last) ?? last
    const features = modules.lastActivation?.(beforeActivation) ?? beforeActivation
    const preLogits = globalPool(features, modules.pooling)
    return {
      stem,
      stages,
      beforeActivation,
      features,
      preLogits,
      logits: modules.classifier?.forward(preLogits),
    }
  }
}
