import { invalid } from '../../errors.js'
import { formatShape, sameShape } from '../../graph/shape.js'
import type { AttentionCall } from '../../nn/attention.js'
import { asBool, checkMask, type Mask } from '../../nn/mask.js'
import { requireDType } from '../../ops/check.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'

/**
 * Restricts attention, in the sense of torch.nn: [queries, keys], or [batch * heads, queries, keys]; a bool is true
 * where a query may not look, a float32 is added to the scores.
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

/** What the kernels understand of torch's masks. @throws SHAPE_MISMATCH, DTYPE_MISMATCH */
export function attentionCall(request: MaskRequest): AttentionCall {
  const parts = [attentionPart(request), paddingPart(request)].filter((part) => part !== undefined)
  return {
    causal: request.causal,
    mask: parts.length === 2 ? ops.add(parts[0]!, parts[1]!) : parts[0],
  }
}

function attentionPart({ mask, maskName, batch, heads, queries, keys }: MaskRequest) {
  if (!mask) return undefined
  requireDType(mask, ['bool', 'float32'], maskName)
  const added = mask.dtype === 'bool' ? hide(mask as Tensor<'bool'>) : (mask as ops.FloatTensor)
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
  if (!keyPadding) return undefined
  checkMask(keyPadding, [[batch, keys]], keyPaddingName)
  return ops.reshape(hide(asBool(keyPadding)), [batch, 1, 1, keys]) as ops.FloatTensor
}

function hide(hidden: Tensor<'bool'>): ops.FloatTensor {
  return ops.where(hidden, Number.NEGATIVE_INFINITY, 0)
}
