import { invalid, show } from '../errors.js'
import { GraphNode, type Node } from '../graph/node.js'
import { broadcastShapes, formatShape, type Shape, sameShape } from '../graph/shape.js'
import type { Attention, AttentionWeights, Fitting } from '../graph/shape-types.js'
import { expandNode, sliceNode } from '../graph/views.js'
import { checkFlags, checkOptions, optionInvalid } from '../options.js'
import type { Tensor } from '../tensor/tensor.js'
import {
  type FloatTensor,
  makeTensor,
  nodeOf,
  requireDType,
  requireFloat,
  requireRank,
  requireWhole,
} from './check.js'
import { where } from './elementwise.js'

/** Restricts which keys a query attends to. All restrictions apply together. */
export interface AttentionOptions {
  /** Factor of q . k before the softmax. Default 1 / sqrt(head size). */
  readonly scale?: number | undefined
  /** A query attends to no key after its own position. The last query has the position of the last key. */
  readonly causal?: boolean | undefined
  /** Sliding window: only keys at most this many positions away. Default: no restriction. */
  readonly window?: number | undefined
  /** Broadcast to [batch, heads, queries, keys]: bool, true for keys to attend to; or float32, added to the scores. */
  readonly mask?: Tensor<'bool' | 'float32'> | undefined
  /** int32 [batch]: number of valid keys; later ones are ignored. For caches with unused capacity. */
  readonly keyLength?: Tensor<'int32'> | undefined
}

const optionNames = ['scale', 'causal', 'window', 'mask', 'keyLength']
const weightsOptionNames = [...optionNames, 'rows']

/** The value that means no window in the kernels. */
const noWindow = 0

/**
 * Scaled dot-product attention (Vaswani et al. 2017): softmax(q k^T * scale) v for each head. The kernel never stores the
 * matrix of weights. The result for a query without keys is 0.
 * @param q float32 [B, H, Nq, D]
 * @param k float32 [B, H, Nk, D]
 * @param v float32 [B, H, Nk, Dv]
 * @returns float32 [B, H, Nq, Dv]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function attention<Q extends Shape, K extends Shape, V extends Shape>(
  q: FloatTensor<Q>,
  k: FloatTensor<K> & Fitting<AttentionWeights<Q, K>, 'queries and keys must be [B, H, N, D] and fit'>,
  v: FloatTensor<V> & Fitting<Attention<Q, K, V>, 'the values do not fit the keys'>,
  options: AttentionOptions = {},
): FloatTensor<Attention<Q, K, V>> {
  const [batch, heads, queries, keys] = checkHeads(q, k, 'attention')
  requireFloat(v, 'attention: v')
  const [, , , width] = requireRank(v, 4, '[batch, heads, keys, head size]', 'attention: v')
  if (!sameShape(v.shape, [batch, heads, keys, width]))
    throw invalid(
      'SHAPE_MISMATCH',
      'attention: v',
      `batch, heads and keys of k ${formatShape(k.shape)}`,
      formatShape(v.shape),
    )
  const { operands, parameters } = restrictions(
    [batch, heads, queries, keys],
    q.shape[3]!,
    options,
    'attention',
  )
  const inputs = [q, k, v].map((x) => nodeOf(x, 'attention'))
  return makeTensor(
    new GraphNode('attention', [...inputs, ...operands.mask, ...operands.keyLength], parameters),
  )
}

/** Options of {@link attentionWeights}. */
export interface AttentionWeightsOptions extends AttentionOptions {
  /** Compute the weights of these queries only, from start to end (exclusive). Default: all. */
  readonly rows?: { readonly start: number; readonly end: number } | undefined
}

/** Shape of weights for an unknown number of queries. */
type Rows<S extends Shape> = S extends readonly [
  infer B extends number,
  infer H extends number,
  number,
  infer N,
]
  ? [B, H, number, N & number]
  : never

/**
 * The weights with which {@link attention} sums the values. Each row adds up to 1, or is 0 for a query without keys.
 * @returns float32 [B, H, R, Nk]
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID; INDEX_OUT_OF_RANGE for rows outside the queries
 */
export function attentionWeights<Q extends Shape, K extends Shape>(
  q: FloatTensor<Q>,
  k: FloatTensor<K> & Fitting<AttentionWeights<Q, K>, 'queries and keys must be [B, H, N, D] and fit'>,
  options: AttentionWeightsOptions = {},
): FloatTensor<Rows<AttentionWeights<Q, K>>> {
  const [batch, heads, queries, keys] = checkHeads(q, k, 'attentionWeights')
  const { rows = { start: 0, end: queries }, ...rest } = checkOptions(
    options,
    weightsOptionNames,
    'attentionWeights',
  )
  const { start, end } = checkOptions(rows, ['start', 'end'], 'attentionWeights: rows')
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > queries || start > end)
    throw invalid(
      'INDEX_OUT_OF_RANGE',
      'attentionWeights: rows',
      `a range within the ${queries} queries`,
      `${show(start)} to ${show(end)}`,
    )
  const { operands, parameters } = restrictions(
    [batch, heads, queries, keys],
    q.shape[3]!,
    rest,
    'attentionWeights',
  )
  const [queryNode, keyNode] = [nodeOf(q, 'attentionWeights'), nodeOf(k, 'attentionWeights')]
  const sliceRows = (node: Node) => sliceNode(node, 2, start, end - start)
  const inputs = [sliceRows(queryNode), keyNode, ...operands.mask.map(sliceRows), ...operands.keyLength]
  return makeTensor(new GraphNode('attentionWeights', inputs, { ...parameters, first: start, queries }))
}

/** @returns the sizes of the scores, [batch, heads, queries, keys] */
function checkHeads(q: FloatTensor, k: FloatTensor, what: string): [number, number, number, number] {
  requireFloat(q, `${what}: q`)
  requireFloat(k, `${what}: k`)
  const [batch, heads, queries, width] = requireRank(q, 4, '[batch, heads, queries, head size]', `${what}: q`)
  const [, , keys] = requireRank(k, 4, '[batch, heads, keys, head size]', `${what}: k`)
  if (!sameShape(k.shape, [batch, heads, keys, width]))
    throw invalid(
      'SHAPE_MISMATCH',
      `${what}: k`,
      `batch, heads and width of q ${formatShape(q.shape)}`,
      formatShape(k.shape),
    )
  if (width === 0)
    throw invalid('SHAPE_MISMATCH', `${what}: q`, 'heads of width 1 or more', formatShape(q.shape))
  return [batch, heads, queries, keys]
}

/** Checks the options and returns the node's parameters and its optional operands, each as a list of one or none. */
function restrictions(
  scores: readonly [number, number, number, number],
  width: number,
  options: AttentionOptions,
  what: string,
) {
  const given = checkOptions(options, optionNames, what)
  checkFlags(given, ['causal'], what)
  const { scale = 1 / Math.sqrt(width), causal = false, window, mask, keyLength } = given
  if (!Number.isFinite(scale)) optionInvalid(`${what}: scale`, scale, 'a finite number')
  if (window !== undefined) requireWhole(window, 1, `${what}: window`)
  const operands = {
    mask: mask !== undefined ? [maskNode(mask, scores, what)] : [],
    keyLength: keyLength !== undefined ? [keyLengthNode(keyLength, scores[0], what)] : [],
  }
  const parameters = {
    scale,
    causal,
    window: window ?? noWindow,
    mask: mask !== undefined,
    keyLength: keyLength !== undefined,
  }
  return { operands, parameters }
}

/** The mask as a float32 node of the shape of the scores, which the kernel adds to them. */
function maskNode(mask: Tensor<'bool' | 'float32'>, shape: Shape, what: string): Node {
  requireDType(mask, ['bool', 'float32'], `${what}: mask`)
  requireBroadcastable(mask, shape, `${what}: mask`)
  const isBool = (x: typeof mask): x is Tensor<'bool'> => x.dtype === 'bool'
  const added = isBool(mask) ? where(mask, 0, Number.NEGATIVE_INFINITY) : mask
  return expandNode(nodeOf(added, what), shape)
}

function keyLengthNode(keyLength: Tensor<'int32'>, batch: number, what: string): Node {
  requireDType(keyLength, ['int32'], `${what}: keyLength`)
  requireBroadcastable(keyLength, [batch], `${what}: keyLength`)
  return expandNode(nodeOf(keyLength, what), [batch])
}

function requireBroadcastable(x: Tensor, shape: Shape, what: string): void {
  if (x.rank > shape.length || !sameShape(broadcastShapes(x.shape, shape, what), shape))
    throw invalid(
      'SHAPE_MISMATCH',
      what,
      `a shape that broadcasts to ${formatShape(shape)}`,
      formatShape(x.shape),
    )
}
