import type { Attended, AttentionCall, SelfAttention } from '../../nn/attention.js'
import type { GatedMlp, Mlp } from '../../nn/mlp.js'
import type { Norm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import type { VitSpec } from './spec.js'

/** The parts of a block, in the order in which an image meets them. */
export interface BlockParts {
  readonly attentionNorm: Norm
  readonly attention: SelfAttention
  /** float32 [width]: layer scale; undefined: none. */
  readonly attentionScale: ops.FloatTensor | undefined
  readonly mlpNorm: Norm
  readonly mlp: Mlp | GatedMlp
  readonly mlpScale: ops.FloatTensor | undefined
}

/** One layer of a vision Transformer: attention, then an MLP, each added to what it read. */
export class Block {
  readonly order: VitSpec['normOrder']
  readonly parts: BlockParts

  constructor(order: VitSpec['normOrder'], parts: BlockParts) {
    this.order = order
    this.parts = parts
  }

  /** x float32 [B, N, width] to the same shape, and the attention's weights if the call asks for them. */
  forward(x: ops.FloatTensor, call: AttentionCall = {}): Attended {
    const { attentionNorm, attention, attentionScale, mlpNorm, mlp, mlpScale } = this.parts
    if (this.order === 'after') {
      const { output, ...rest } = attention.forward(x, call)
      const attended: ops.FloatTensor = ops.add(x, attentionNorm.forward(output))
      return { output: ops.add(attended, mlpNorm.forward(mlp.forward(attended))), ...rest }
    }
    const { output, ...rest } = attention.forward(attentionNorm.forward(x), call)
    const attended: ops.FloatTensor = ops.add(x, scaled(output, attentionScale))
    return { output: ops.add(attended, scaled(mlp.forward(mlpNorm.forward(attended)), mlpScale)), ...rest }
  }
}

/** Layer scale; written as a product, it is folded into the linear layer before it. */
function scaled(x: ops.FloatTensor, scale: ops.FloatTensor | undefined): ops.FloatTensor {
  return scale ? ops.mul(x, scale) : x
}
