import { SaccadeError } from '../errors.js'
import { formatShape } from '../graph/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  type FloatTensor,
  makeTensor,
  requireDType,
  requireFloat,
  requireRank,
  requireWhole,
} from './check.js'
import { where } from './elementwise.js'
import { expand, slice } from './shape.js'

/** Queries, keys, values and results of attention: [batch, heads, places, width]. */
export type Heads = FloatTensor<readonly [number, number, number, number]> | FloatTensor

/** Which keys a query sees. All given restrictions hold together. */
export interface AttentionOptions {
  /** Factor of q . k before the softmax. Default 1 / sqrt(width). */
  readonly scale?: number | undefined
  /** A query sees no key after its own place. The last query stands at the last key. */
  readonly causal?: boolean | undefined
  /** Restricted attention: only keys at most this many places away. Default: no restriction. */
  readonly window?: number | undefined
  /** Broadcast to [batch, heads, queries, keys]: bool, true where a key is seen; or float32, added to the scores. */
  readonly mask?: Tensor<'bool'> | FloatTensor | undefined
  /** int32 [batch]: how many keys there are; those behind do not exist. For caches longer than their content. */
  readonly keyLength?: Tensor<'int32'> | undefined
}

/** No restriction, as the kernels spell it. */
const noWindow = 0

/**
 * Scaled dot-product attention (Vaswani et al. 2017): softmax(q k^T * scale) v, a head at a time, without ever storing
 * the matrix of weights. A query that sees no key gives zeros.
 * @param q float32 [B, H, Nq, D]
 * @param k float32 [B, H, Nk, D]
 * @param v float32 [B, H, Nk, Dv]
 * @returns float32 [B, H, Nq, Dv]
 */
export function attention(q: Heads, k: Heads, v: Heads, options: AttentionOptions = {}): FloatTensor {
  checkHeads(q, k, 'attention')
  requireFloat(v as FloatTensor, 'attention: v')
  requireRank(v as FloatTensor, 4, '[batch, heads, keys, width]', 'attention: v')
  const [batch, heads, queries] = q.shape as readonly number[] as [number, number, number]
  const [vBatch, vHeads, keys, width] = v.shape as readonly number[] as [number, number, number, number]
  if (vBatch !== batch || vHeads !== heads || keys !== k.shape[2])
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `attention: v ${formatShape(v.shape)} does not fit k ${formatShape(k.shape)}`,
    )
  const { operands, attributes } = restrictions(q, k, options, 'attention')
  return makeTensor(
    'attention',
    'float32',
    [batch, heads, queries, width],
    [q, k, v, ...operands] as Tensor[],
    attributes,
  )
}

/** Options of {@link attentionWeights}. */
export interface AttentionWeightsOptions extends AttentionOptions {
  /** Only these queries, as places first to last (exclusive); the others cost nothing. Default: all. */
  readonly rows?: { readonly start: number; readonly end: number } | undefined
}

/**
 * The weights that {@link attention} sums values with, for the queries asked for: each row adds up to 1 (or is all
 * zeros, where a query sees no key).
 * @returns float32 [B, H, R, Nk]
 */
export function attentionWeights(q: Heads, k: Heads, options: AttentionWeightsOptions = {}): FloatTensor {
  checkHeads(q, k, 'attentionWeights')
  const [batch, heads, queries] = q.shape as readonly number[] as [number, number, number]
  const keys = k.shape[2]!
  const { start, end } = options.rows ?? { start: 0, end: queries }
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > queries || start > end)
    throw new SaccadeError(
      'INDEX_OUT_OF_RANGE',
      `attentionWeights: rows ${start} to ${end} of ${queries} queries`,
    )
  const { operands, attributes } = restrictions(q, k, options, 'attentionWeights')
  const asked = slice(q as FloatTensor, { axis: 2, start, end })
  if (options.mask && operands[0]) operands[0] = slice(operands[0] as FloatTensor, { axis: 2, start, end })
  return makeTensor(
    'attentionWeights',
    'float32',
    [batch, heads, end - start, keys],
    [asked, k, ...operands] as Tensor[],
    {
      ...attributes,
      first: start,
      queries,
    },
  )
}

function checkHeads(q: Heads, k: Heads, what: string): void {
  for (const [name, x] of [
    ['q', q],
    ['k', k],
  ] as const) {
    requireFloat(x as FloatTensor, `${what}: ${name}`)
    requireRank(x as FloatTensor, 4, '[batch, heads, places, width]', `${what}: ${name}`)
  }
  if ([0, 1, 3].some((axis) => q.shape[axis] !== k.shape[axis]))
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `${what}: q ${formatShape(q.shape)} and k ${formatShape(k.shape)} do not fit`,
    )
}

function restrictions(q: Heads, k: Heads, options: AttentionOptions, what: string) {
  const [batch, heads, queries, width] = q.shape as readonly number[] as [number, number, number, number]
  const { scale = 1 / Math.sqrt(width), causal = false, window, mask, keyLength } = options
  if (!Number.isFinite(scale))
    throw new SaccadeError('OPTION_INVALID', `${what}: scale must be a number, got ${scale}`)
  if (window !== undefined) requireWhole(window, 1, `${what}: window`)
  const operands: Tensor[] = []
  if (mask) {
    requireDType(mask, ['bool', 'float32'], `${what}: mask`)
    const added = mask.dtype === 'bool' ? where(mask as Tensor<'bool'>, 0, Number.NEGATIVE_INFINITY) : mask
    operands.push(expand(added as FloatTensor, [batch, heads, queries, k.shape[2]!]))
  }
  if (keyLength) {
    requireDType(keyLength, ['int32'], `${what}: keyLength`)
    operands.push(expand(keyLength, [batch]))
  }
  const attributes = {
    scale,
    causal,
    window: window ?? noWindow,
    mask: mask !== undefined,
    keyLength: keyLength !== undefined,
  }
  return { operands, attributes }
}
