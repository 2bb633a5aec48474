import { SaccadeError } from '../errors.js'
import { formatShape, type Shape, sizeOf } from '../graph/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { type FloatTensor, makeTensor, requireFloat, requireShape, requireWhole } from './check.js'
import { reshape } from './shape.js'

type Vector = FloatTensor | undefined

/**
 * Layer normalisation over the last axis (Ba et al. 2016): (x - mean) / sqrt(variance + epsilon) * weight + bias.
 * @param weight float32 [C], or undefined for 1
 * @param bias float32 [C], or undefined for 0
 */
export function layerNorm<S extends Shape>(
  x: FloatTensor<S>,
  weight: Vector,
  bias: Vector,
  epsilon = 1e-5,
): FloatTensor<S> {
  return normalizeRows(x, 'layer', weight, bias, epsilon, 'layerNorm')
}

/** Root-mean-square normalisation over the last axis (Zhang & Sennrich 2019): x / sqrt(mean(x^2) + epsilon) * weight. */
export function rmsNorm<S extends Shape>(x: FloatTensor<S>, weight?: Vector, epsilon = 1e-6): FloatTensor<S> {
  return normalizeRows(x, 'rms', weight, undefined, epsilon, 'rmsNorm')
}

/**
 * Group normalisation (Wu & He 2018) of a channels-last tensor: statistics over all places and the channels of a group.
 * @param x float32 [N, ..., C]
 * @param groups how many groups the C channels are cut into
 * @param weight float32 [C], or undefined for 1
 */
export function groupNorm<S extends Shape>(
  x: FloatTensor<S>,
  groups: number,
  weight: Vector,
  bias: Vector,
  epsilon = 1e-5,
): FloatTensor<S> {
  requireFloat(x, 'groupNorm')
  requireWhole(groups, 1, 'groupNorm: groups')
  const channels = x.shape[x.rank - 1] ?? 0
  if (x.rank < 2 || channels % groups !== 0)
    throw new SaccadeError('SHAPE_MISMATCH', `groupNorm: ${groups} groups do not fit ${formatShape(x.shape)}`)
  const shape = [x.shape[0]!, sizeOf(x.shape.slice(1, -1)), groups, channels / groups]
  return normalize(x, shape, 'layer', weight, bias, epsilon, 'groupNorm')
}

type Mode = 'layer' | 'rms'

function normalizeRows<S extends Shape>(
  x: FloatTensor<S>,
  mode: Mode,
  weight: Vector,
  bias: Vector,
  epsilon: number,
  name: string,
) {
  requireFloat(x, name)
  if (x.rank === 0) throw new SaccadeError('SHAPE_MISMATCH', `${name}: a scalar has no axis to normalise`)
  const channels = x.shape[x.rank - 1]!
  return normalize(x, [sizeOf(x.shape.slice(0, -1)), 1, 1, channels], mode, weight, bias, epsilon, name)
}

/** `shape` is [N, S, G, C]: statistics are over S and C. */
function normalize<S extends Shape>(
  x: FloatTensor<S>,
  shape: readonly [number, number, number, number] | readonly number[],
  mode: Mode,
  weight: Vector,
  bias: Vector,
  epsilon: number,
  name: string,
): FloatTensor<S> {
  if (!(epsilon >= 0))
    throw new SaccadeError('OPTION_INVALID', `${name}: epsilon must be 0 or more, got ${epsilon}`)
  const [, , groups, width] = shape as readonly [number, number, number, number]
  const inputs: Tensor[] = [reshape(x as FloatTensor, shape)]
  for (const [vector, what] of [
    [weight, 'weight'],
    [bias, 'bias'],
  ] as const) {
    if (!vector) continue
    requireFloat(vector, `${name}: ${what}`)
    requireShape(vector, [groups * width], `${name}: ${what}`)
    inputs.push(reshape(vector, [groups, width]))
  }
  const attributes = { mode, epsilon, weight: weight !== undefined, bias: bias !== undefined }
  const result: FloatTensor = makeTensor('norm', 'float32', shape, inputs, attributes)
  return reshape(result, x.shape) as FloatTensor<S>
}
