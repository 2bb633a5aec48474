import type * as ops from '../ops/index.js'
import type { Activation } from './activation.js'
import { BatchNorm } from './batch-norm.js'
import type { Convolution } from './convolution.js'
import type { Norm } from './norm.js'

/** A convolution, its norm and its activation. A batch norm is folded into the convolution: all are one instruction. */
export class ConvolutionNorm {
  readonly convolution: Convolution
  /** A norm that cannot be folded. */
  readonly norm: Norm | undefined
  readonly activation: Activation | undefined

  constructor(convolution: Convolution, norm: Norm | undefined, activation?: Activation) {
    const folds = norm instanceof BatchNorm
    this.convolution = folds ? norm.foldedInto(convolution) : convolution
    this.norm = folds ? undefined : norm
    this.activation = activation
  }

  /** x float32 [B, H, W, I] to [B, OH, OW, O]. */
  forward(x: ops.FloatTensor): ops.FloatTensor {
    const product = this.convolution.forward(x)
    const normed = this.norm?.forward(product) ?? product
    return this.activation?.(normed) ?? normed
  }
}
