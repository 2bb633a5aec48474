import { invalid } from '../errors.js'
import type { NormMode } from '../graph/kinds.js'
import { GraphNode } from '../graph/node.js'
import { formatShape, type Shape, sizeOf } from '../graph/shape.js'
import type { LastOf } from '../graph/shape-types.js'
import { reshapeNode } from '../graph/views.js'
import { optionInvalid } from '../options.js'
import { Tensor } from '../tensor/tensor.js'
import {
  type FloatTensor,
  nodeOf,
  type Rows,
  requireFloat,
  requireShape,
  requireWhole,
  type VectorOf,
} from './check.js'

/** A vector with one number for each channel; channels are the last axis of S. */
type Channels<S extends Shape, V extends Shape> = (FloatTensor<V> & VectorOf<V, LastOf<S>>) | undefined

/**
 * Layer normalisation over the last axis (Ba et al. 2016): (x - mean) / sqrt(variance + epsilon) * weight + bias.
 * @param x float32 [..., C]
 * @param weight float32 [C], or undefined for 1
 * @param bias float32 [C], or undefined for 0
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function layerNorm<S extends Shape, W extends Shape, B extends Shape>(
  x: FloatTensor<S> & Rows<S>,
  weight?: Channels<S, W>,
  bias?: Channels<S, B>,
  epsilon = 1e-5,
): FloatTensor<S> {
  return normalizeRows(x, 'layer', weight, bias, epsilon, 'layerNorm')
}

/**
 * Root-mean-square normalisation over the last axis (Zhang & Sennrich 2019): x / sqrt(mean(x^2) + epsilon) * weight.
 * @param x float32 [..., C]
 * @param weight float32 [C], or undefined for 1
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function rmsNorm<S extends Shape, W extends Shape>(
  x: FloatTensor<S> & Rows<S>,
  weight?: Channels<S, W>,
  epsilon = 1e-6,
): FloatTensor<S> {
  return normalizeRows(x, 'rms', weight, undefined, epsilon, 'rmsNorm')
}

/**
 * Group normalisation (Wu & He 2018) of a channels-last tensor: statistics over all positions and a group's channels.
 * @param x float32 [N, ..., C]
 * @param groups number of groups; C must be a multiple
 * @param weight float32 [C], or undefined for 1
 * @param bias float32 [C], or undefined for 0
 * @throws SHAPE_MISMATCH, DTYPE_MISMATCH, OPTION_INVALID
 */
export function groupNorm<S extends Shape, W extends Shape, B extends Shape>(
  x: FloatTensor<S> & Rows<S>,
  groups: number,
  weight?: Channels<S, W>,
  bias?: Channels<S, B>,
  epsilon = 1e-5,
): FloatTensor<S> {
  requireFloat(x, 'groupNorm')
  requireWhole(groups, 1, 'groupNorm: groups')
  const channels = x.shape[x.rank - 1] ?? 0
  if (x.rank < 2 || channels % groups !== 0)
    throw invalid(
      'SHAPE_MISMATCH',
      'groupNorm',
      `[N, ..., C] with C a multiple of ${groups} groups`,
      formatShape(x.shape),
    )
  const positions = sizeOf(x.shape.slice(1, -1))
  const shape = [x.shape[0]!, positions, groups, channels / groups] as const
  return normalize(x, shape, 'layer', weight, bias, epsilon, 'groupNorm')
}

function normalizeRows<S extends Shape>(
  x: FloatTensor<S>,
  mode: NormMode,
  weight: FloatTensor | undefined,
  bias: FloatTensor | undefined,
  epsilon: number,
  name: string,
): FloatTensor<S> {
  requireFloat(x, name)
  if (x.rank === 0) throw invalid('SHAPE_MISMATCH', name, 'at least one axis', formatShape(x.shape))
  const shape = [sizeOf(x.shape.slice(0, -1)), 1, 1, x.shape[x.rank - 1]!] as const
  return normalize(x, shape, mode, weight, bias, epsilon, name)
}

/** `shape` is [N, S, G, C]: statistics are over S and C. */
function normalize<S extends Shape>(
  x: FloatTensor<S>,
  shape: readonly [number, number, number, number],
  mode: NormMode,
  weight: FloatTensor | undefined,
  bias: FloatTensor | undefined,
  epsilon: number,
  name: string,
): FloatTensor<S> {
  if (!Number.isFinite(epsilon) || epsilon < 0)
    optionInvalid(`${name}: epsilon`, epsilon, 'a finite number, 0 or more')
  const [, , groups, width] = shape
  const inputs = [reshapeNode(nodeOf(x, name), shape)]
  for (const [vector, what] of [
    [weight, 'weight'],
    [bias, 'bias'],
  ] as const) {
    if (vector === undefined) continue
    requireFloat(vector, `${name}: ${what}`)
    requireShape(vector, [groups * width], `${name}: ${what}`)
    inputs.push(reshapeNode(nodeOf(vector, name), [groups, width]))
  }
  const parameters = { mode, epsilon, weight: weight !== undefined, bias: bias !== undefined }
  const result = new GraphNode('norm', inputs, parameters)
  return new Tensor(reshapeNode(result, x.shape))
}
