import { invalid } from '../errors.js'
import { formatShape, type Shape } from '../graph/shape.js'
import type { Dims, Fitting, IsDynamic, SameSizes } from '../graph/shape-types.js'
import { mergeHeads, splitHeads } from '../nn/attention.js'
import { requireDType, requireFloat, requireRank, requireWhole } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { checkOptions } from '../options.js'
import { type Attended, type AttendOptions, attend, attendOptionNames } from './attend.js'

/** [batch, positions, width], whose sizes may be unknown; undefined for another rank. */
type Sequence<S extends Shape> =
  IsDynamic<S> extends true
    ? [number, number, number]
    : S extends readonly [number, number, number]
      ? Dims<S>
      : undefined

/** Shapes of weights and output, [B, heads, Nq, Nk] and [B, Nq, width of a value]; `never` if sizes do not match. */
type Shapes<Q extends Shape, K extends Shape, V extends Shape, Heads extends number> = [
  Sequence<Q>,
  Sequence<K>,
  Sequence<V>,
] extends [
  [infer B extends number, infer Nq extends number, number],
  [infer B2 extends number, infer Nk extends number, number],
  [infer B3 extends number, infer Nk2 extends number, infer Width extends number],
]
  ? [SameSizes<[B, B, Nk], [B2, B3, Nk2]>] extends [never]
    ? never
    : { weights: [B, Heads, Nq, Nk]; output: [B, Nq, Width] }
  : never

type MultiHead<S extends { weights: Shape; output: Shape }> = Attended<S['weights'], S['output']>

/**
 * Multi-head attention without its projections (Vaswani et al. 2017, section 3.2.2): splits the width into `heads` parts,
 * applies attention to each part, and concatenates the results. A model projects queries, keys and values before, and
 * the result after, with four learned matrices.
 * @param queries float32 [B, Nq, heads * D]
 * @param keys float32 [B, Nk, heads * D]
 * @param values float32 [B, Nk, heads * Dv]
 * @param options.mask bool [Nq, Nk], [B, Nq, Nk] for all heads alike, or [B, heads, Nq, Nk]; sizes of 1 are broadcast
 * @returns output float32 [B, Nq, heads * Dv]; similarity and weights float32 [B, heads, Nq, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID, OPTION_UNKNOWN
 */
export function multiHead<Q extends Shape, K extends Shape, V extends Shape, Heads extends number>(
  queries: ops.FloatTensor<Q>,
  keys: ops.FloatTensor<K>,
  values: ops.FloatTensor<V> &
    Fitting<
      Shapes<Q, K, V, Heads>,
      'queries, keys and values must be [batch, positions, width], with one value for each key'
    >,
  heads: Heads,
  options: AttendOptions = {},
): MultiHead<Shapes<Q, K, V, Heads>> {
  requireWhole(heads, 1, 'multiHead: heads')
  const [q, k, v] = [queries, keys, values].map((x, index) => {
    const what = `multiHead: ${['queries', 'keys', 'values'][index]}`
    requireFloat(x, what)
    requireRank(x, 3, '[batch, positions, width]', what)
    if (x.shape[2]! % heads !== 0)
      throw invalid(
        'SHAPE_MISMATCH',
        what,
        `a width that is a multiple of ${heads} heads`,
        formatShape(x.shape),
      )
    return splitHeads(x as ops.FloatTensor, heads)
  }) as [ops.FloatTensor, ops.FloatTensor, ops.FloatTensor]
  const { mask, ...rest } = checkOptions(options, attendOptionNames, 'multiHead')
  if (mask !== undefined) requireDType(mask, ['bool'], 'multiHead: mask')
  const forHeads = mask?.rank === 3 ? ops.unsqueeze(mask, 1) : mask
  const { output, ...inside }: Attended = attend(q, k, v, { ...rest, mask: forHeads })
  return { output: mergeHeads(output), ...inside } as MultiHead<Shapes<Q, K, V, Heads>>
}
