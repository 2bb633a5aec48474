import { checkLimit } from '../limits.js'
import { Tensor } from '../tensor/tensor.js'

/** int32 [count]: first, first + 1, ... */
export function range(first: number, count: number): Tensor<'int32', readonly [number]> {
  checkLimit('tableElements', count, 'attention: positions')
  return Tensor.from(
    Int32Array.from({ length: count }, (_, index) => first + index),
    [count],
    'int32',
  )
}
