import { invalid } from '../../errors.js'
import { formatShape, sameShape } from '../../graph/shape.js'
import type { AttentionCall } from '../../nn/attention.js'
import { asBool, checkMask, type Mask } from '../../nn/mask.js'
import { requireDType } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'

/**
 * A mask in the convention of torch.nn: [queries, keys], or [batch * heads, queries, keys]; bool, true for keys that are
 * masked; or float32, added to the scores.
 */
export type AttentionMask = Tensor<'bool' | 'float32'>

/** The masks of one attention, and its sizes. */
export interface MaskRequest {
  readonly mask?: AttentionMask | undefined
  readonly maskName: string
  /** [batch, keys]: 1 or true is padding. */
  readonly keyPadding?: Mask | undefined
  readonly keyPaddingName: string
  readonly causal?: boolean | undefined
  readonly batch: number
  readonly heads: number
  readonly queries: number
  readonly keys: number
}

/** Converts torch's masks to the restrictions of an attention. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
export function attentionCall(request: MaskRequest): AttentionCall {
  const parts = [attentionPart(request), paddingPart(request)].filter((part) => part !== undefined)
  return {
    causal: request.causal,
    mask: parts.length === 2 ? ops.add(parts[0]!, parts[1]!) : parts[0],
  }
}

function attentionPart({ mask, maskName, batch, heads, queries, keys }: MaskRequest) {
  if (mask === undefined) return undefined
  requireDType(mask, ['bool', 'float32'], maskName)
  const added = mask.dtype === 'bool' ? additiveMask(mask as Tensor<'bool'>) : (mask as ops.FloatTensor)
  if (sameShape(mask.shape, [queries, keys])) return added
  if (sameShape(mask.shape, [batch * heads, queries, keys]))
    return ops.reshape(added, [batch, heads, queries, keys]) as ops.FloatTensor
  throw invalid(
    'SHAPE_MISMATCH',
    maskName,
    `[queries, keys] = ${formatShape([queries, keys])} or [batch * heads, queries, keys] = ${formatShape([batch * heads, queries, keys])}`,
    formatShape(mask.shape),
  )
}

function paddingPart({ keyPadding, keyPaddingName, batch, keys }: MaskRequest) {
  if (keyPadding === undefined) return undefined
  checkMask(keyPadding, [[batch, keys]], keyPaddingName)
  return ops.reshape(additiveMask(asBool(keyPadding)), [batch, 1, 1, keys]) as ops.FloatTensor
}

function additiveMask(masked: Tensor<'bool'>): ops.FloatTensor {
  return ops.where(masked, Number.NEGATIVE_INFINITY, 0)
}
