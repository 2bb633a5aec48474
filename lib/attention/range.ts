import { Tensor } from '../tensor/tensor.js'

/** int32 [count]: first, first + 1, ... */
export function range(first: number, count: number): Tensor<'int32', readonly [number]> {
  return Tensor.from(
    Int32Array.from({ length: count }, (_, index) => first + index),
    [count],
    'int32',
  )
}
