import { SaccadeError } from '../errors.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { IsDynamic } from '../graph/shape-types.js'
import { mergeHeads, splitHeads } from '../nn/attention.js'
import { requireFloat, requireRank, requireWhole } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { type Attended, type AttendOptions, attend } from './attend.js'
import type { Mask } from './mask.js'
import type { Fitting } from './shapes.js'

/** [B, Nq, Wv] from queries [B, Nq, W] and values [B, Nk, Wv]. */
type Merged<Q extends Shape, V extends Shape> =
  IsDynamic<Q> extends true
    ? Shape
    : IsDynamic<V> extends true
      ? Shape
      : Q extends readonly [infer B extends number, infer Nq extends number, number]
        ? V extends readonly [number, number, infer W extends number]
          ? [B, Nq, W]
          : never
        : never

/**
 * Multi-head attention without its projections (Vaswani et al. 2017, section 3.2.2): the width is cut into `heads`
 * parts, each part attends by itself, and the results are put side by side again. A model projects queries, keys and
 * values before, and the result after, with four learned matrices.
 * @param queries float32 [B, Nq, heads * D]
 * @param keys float32 [B, Nk, heads * D]
 * @param values float32 [B, Nk, heads * Dv]
 * @param options.mask bool [Nq, Nk], [B, Nq, Nk] for all heads alike, or [B, heads, Nq, Nk]; each size may be 1
 * @returns output float32 [B, Nq, heads * Dv]; similarity and weights float32 [B, heads, Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID, OPTION_UNKNOWN
 */
export function multiHead<Q extends Shape, V extends Shape>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor,
  values: ops.FloatTensor<V> & Fitting<Merged<Q, V>, 'queries and values must be [batch, places, width]'>,
  heads: number,
  options: AttendOptions = {},
): Attended<readonly [number, number, number, number], Merged<Q, V>> {
  requireWhole(heads, 1, 'multiHead: heads')
  const [q, k, v] = [queries, keys, values].map((x, index) => {
    const what = `multiHead: ${['queries', 'keys', 'values'][index]}`
    requireFloat(x, what)
    requireRank(x, 3, '[batch, places, width]', what)
    if (x.shape[2]! % heads !== 0)
      throw new SaccadeError(
        'SHAPE_MISMATCH',
        `${what}: the width of ${formatShape(x.shape)} does not divide into ${heads} heads`,
      )
    return splitHeads(x as ops.FloatTensor, heads)
  }) as [ops.FloatTensor, ops.FloatTensor, ops.FloatTensor]
  const { mask, ...rest } = options
  const forHeads = mask?.rank === 3 ? (ops.unsqueeze(mask, 1) as Mask) : mask
  const { output, ...inside }: Attended = attend(q, k, v, { ...rest, mask: forHeads })
  return { output: mergeHeads(output), ...inside } satisfies Attended as Attended<
    readonly [number, number, number, number],
    Merged<Q, V>
  >
}
