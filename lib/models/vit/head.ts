import type { Activation } from '../../nn/activation.js'
import type { CrossAttention } from '../../nn/attention.js'
import type { Linear } from '../../nn/linear.js'
import type { Mlp } from '../../nn/mlp.js'
import type { Norm } from '../../nn/norm.js'
import * as ops from '../../ops/index.js'
import { prefixLength } from './grid.js'
import type { VitSpec } from './spec.js'

/** Attention pooling: a learned query attends to the tokens (Lee et al. 2019; SigLIP). */
export interface AttentionPool {
  /** float32 [1, 1, width]. */
  readonly query: ops.FloatTensor
  readonly attention: CrossAttention
  readonly norm: Norm
  readonly mlp: Mlp
}

/** The learned parts of a head, according to the spec. */
export interface HeadParts {
  readonly attentionPool: AttentionPool | undefined
  readonly norm: Norm | undefined
  readonly pooler: { readonly linear: Linear; readonly activation: Activation } | undefined
  readonly classifier: Linear | undefined
  /** The classifier of the distillation token. */
  readonly distillationClassifier: Linear | undefined
}

/** Results of a head. */
export interface HeadResult {
  /** float32 [B, features]: the image as one vector; with pooling `none` [B, N, width]. */
  readonly pooled: ops.FloatTensor
  /** float32 [B, classes], if there is a classifier. */
  readonly logits?: ops.FloatTensor
  /** For models with a distillation token: the logits of the two tokens, whose mean is `logits`. */
  readonly classLogits?: ops.FloatTensor
  readonly distillationLogits?: ops.FloatTensor
}

/** Pools the tokens of the last layer to one vector, and computes logits. */
export class VitHead {
  readonly spec: VitSpec
  readonly parts: HeadParts

  constructor(spec: VitSpec, parts: HeadParts) {
    this.spec = spec
    this.parts = parts
  }

  /**
   * @param tokens float32 [B, N, width]
   * @param mask added to the scores of an attention pooling: float32, [B, 1, 1, N]
   */
  forward(tokens: ops.FloatTensor, mask?: ops.FloatTensor): HeadResult {
    const { norm, pooler, classifier } = this.parts
    if (this.spec.head.pooling === 'class-and-distillation') return this.#twoTokens(tokens)
    const vector = this.#pool(tokens, mask)
    const normed = norm?.forward(vector) ?? vector
    const pooled = pooler ? pooler.activation(pooler.linear.forward(normed)) : normed
    return classifier ? { pooled, logits: classifier.forward(pooled) } : { pooled }
  }

  #twoTokens(tokens: ops.FloatTensor): HeadResult {
    const { classifier, distillationClassifier } = this.parts
    const [first, second] = [token(tokens, 0), token(tokens, 1)]
    const pooled = half(ops.add(first, second))
    if (!classifier || !distillationClassifier) return { pooled }
    const classLogits = classifier.forward(first)
    const distillationLogits = distillationClassifier.forward(second)
    return { pooled, logits: half(ops.add(classLogits, distillationLogits)), classLogits, distillationLogits }
  }

  #pool(tokens: ops.FloatTensor, mask: ops.FloatTensor | undefined): ops.FloatTensor {
    const { pooling, over } = this.spec.head
    const start = over === 'all' ? 0 : prefixLength(this.spec.prefix)
    const pooledTokens: ops.FloatTensor = ops.slice(tokens, { axis: 1, start })
    switch (pooling) {
      case 'class':
        return token(tokens, 0)
      case 'class-beside-mean':
        return ops.concat([token(tokens, 0), ops.mean(pooledTokens, 1)], 1)
      case 'mean':
        return ops.mean(pooledTokens, 1)
      case 'max':
        return ops.max(pooledTokens, 1)
      case 'mean-and-max':
        return half(ops.add(ops.mean(pooledTokens, 1), ops.max(pooledTokens, 1)))
      case 'attention':
        return this.#attend(pooledTokens, mask)
      default:
        return tokens
    }
  }

  #attend(tokens: ops.FloatTensor, mask: ops.FloatTensor | undefined): ops.FloatTensor {
    const { query, attention, norm, mlp } = this.parts.attentionPool!
    const queries: ops.FloatTensor = ops.expand(query, [tokens.shape[0]!, 1, query.shape[2]!])
    const { output } = attention.forward(queries, attention.project(tokens), { mask })
    const pooled: ops.FloatTensor = ops.add(output, mlp.forward(norm.forward(output)))
    return token(pooled, 0)
  }
}

function token(tokens: ops.FloatTensor, position: number): ops.FloatTensor {
  return ops.select(tokens, 1, position)
}

function half(x: ops.FloatTensor): ops.FloatTensor {
  return ops.mul(x, 0.5)
}
