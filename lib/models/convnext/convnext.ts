import type * as ops from '../../ops/index.js'
import {
  ImageNetwork,
  type ImageNetworkInput,
  type ImageNetworkOptions,
  type ImageNetworkOutputs,
} from '../image-network.js'
import type { ModelParts } from '../model.js'
import type { ConvNextModules } from './modules.js'
import type { ConvNextSpec } from './spec.js'
import { type ConvNextTrace, imagesOf, traceConvNext } from './trace.js'

export type ConvNextOptions = ImageNetworkOptions
export type ConvNextOutputs = ImageNetworkOutputs

/** ConvNeXt (Liu et al. 2022) and ConvNeXt V2 (Woo et al. 2023). */
export class ConvNext extends ImageNetwork<ConvNextTrace> {
  readonly spec: ConvNextSpec
  readonly modules: ConvNextModules

  /** Use load(). */
  constructor(parts: ModelParts, spec: ConvNextSpec, modules: ConvNextModules) {
    super(parts)
    this.spec = spec
    this.modules = modules
  }

  protected override get input(): ImageNetworkInput {
    return imagesOf(this.spec)
  }

  protected override forward(images: ops.FloatTensor): ConvNextTrace {
    return traceConvNext(this.spec, this.modules, images)
  }
}
