import { SaccadeError } from '../errors.js'
import { broadcastShapes, formatShape, type Shape } from '../graph/shape.js'
import type { Linear, MatMul, Mismatch } from '../graph/shape-types.js'
import { type FloatTensor, makeTensor, requireFloat, requireRank, requireShape } from './check.js'
import { add } from './elementwise.js'
import { transpose } from './shape.js'

type Fitting<R, Message extends string> = [R] extends [never] ? Mismatch<Message> : unknown

/**
 * Matrix product over the last two axes: [..., M, K] @ [..., K, N] = [..., M, N]; the axes before are broadcast.
 * @throws SHAPE_MISMATCH if the inner sizes differ or a side has fewer than two axes
 */
export function matmul<A extends Shape, B extends Shape>(
  a: FloatTensor<A>,
  b: FloatTensor<B> & Fitting<MatMul<A, B>, 'the inner sizes of a matrix product differ'>,
): FloatTensor<MatMul<A, B>> {
  requireFloat(a, 'matmul')
  requireFloat(b, 'matmul')
  if (a.rank < 2 || b.rank < 2 || a.shape[a.rank - 1] !== b.shape[b.rank - 2])
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `matmul: ${formatShape(a.shape)} @ ${formatShape(b.shape)} do not fit`,
    )
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2), 'matmul')
  const shape = [...batch, a.shape[a.rank - 2]!, b.shape[b.rank - 1]!]
  return makeTensor('matmul', 'float32', shape, [a, b])
}

/**
 * A fully connected layer: x @ weight^T + bias.
 * @param x float32 [..., I]
 * @param weight float32 [O, I], as PyTorch stores it
 * @param bias float32 [O], or undefined
 * @returns float32 [..., O]
 */
export function linear<X extends Shape, W extends readonly [number, number]>(
  x: FloatTensor<X> & Fitting<Linear<X, W>, 'the last size of x is not the input width of the weight'>,
  weight: FloatTensor<W>,
  bias?: FloatTensor,
): FloatTensor<Linear<X, W>>
export function linear(x: FloatTensor, weight: FloatTensor, bias?: FloatTensor): FloatTensor
export function linear(x: FloatTensor, weight: FloatTensor, bias?: FloatTensor): FloatTensor {
  requireFloat(x, 'linear')
  requireFloat(weight, 'linear: weight')
  requireRank(weight, 2, '[outputs, inputs]', 'linear: weight')
  if (x.rank < 1 || x.shape[x.rank - 1] !== weight.shape[1])
    throw new SaccadeError(
      'SHAPE_MISMATCH',
      `linear: ${formatShape(x.shape)} does not end in the ${weight.shape[1]} inputs of weight ${formatShape(weight.shape)}`,
    )
  const rows = x.rank === 1 ? ([1, x.shape[0]!] as const) : x.shape
  const input: FloatTensor = x.rank === 1 ? makeTensor('reshape', 'float32', rows, [x]) : x
  const columns = transpose(weight) as FloatTensor
  const batch = input.shape.slice(0, -1)
  const product: FloatTensor = makeTensor('matmul', 'float32', [...batch, weight.shape[0]!], [input, columns])
  if (bias) {
    requireFloat(bias, 'linear: bias')
    requireShape(bias, [weight.shape[0]!], 'linear: bias')
  }
  const result = bias ? (add(product, bias) as FloatTensor) : product
  return x.rank === 1 ? makeTensor('reshape', 'float32', [weight.shape[0]!], [result]) : result
}
