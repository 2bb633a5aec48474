import * as ops from '../ops/index.js'

/**
 * Weight standardisation (Qiao et al. 2019): the weights of each output get mean 0 and variance 1. They are computed once,
 * with the folded constants.
 * @param weight float32 [O, ...], a constant
 * @param gain float32 [O]: factors of the outputs
 */
export function standardized(
  weight: ops.FloatTensor,
  epsilon: number,
  gain?: ops.FloatTensor,
): ops.FloatTensor {
  const outputs = weight.shape[0]!
  const rows = ops.reshape(weight, [outputs, weight.size / outputs]) as ops.FloatTensor
  const normed: ops.FloatTensor = ops.layerNorm(rows, undefined, undefined, epsilon)
  const scaled = gain ? ops.mul(normed, ops.reshape(gain, [outputs, 1])) : normed
  return ops.reshape(scaled as ops.FloatTensor, weight.shape)
}
