// Tensors for the files of this room, which are compiled and never run.
import type { FloatTensor } from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'

export const x = Tensor.zeros([2, 3])
export const y = Tensor.zeros([3, 4])
export const ints = Tensor.zeros([2, 3], 'int32')
export const bools = Tensor.zeros([2, 3], 'bool')
export const vector = Tensor.zeros([3])
export const scalar = Tensor.zeros([])
export const images = Tensor.zeros([2, 9, 9, 4])
export const filters = Tensor.zeros([8, 4, 3, 3])
export const queries = Tensor.zeros([1, 2, 5, 8])
export const keys = Tensor.zeros([1, 2, 7, 8])
export const values = Tensor.zeros([1, 2, 7, 6])
export const ids = Tensor.zeros([2, 5], 'int64')
/** A batch whose size is known at run time only. */
export declare const batch: FloatTensor<[number, 3, 8]>
/** Not even its rank is known. */
export declare const any: FloatTensor

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only where the tensor has exactly the type. */
export function is<Expected>(): <T>(x: T, ...same: Equal<T, Expected> extends true ? [] : [never]) => void {
  return () => {}
}
