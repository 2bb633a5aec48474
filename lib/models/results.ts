import { Tensor } from '../tensor/tensor.js'

/** All tensors of a model's results: tensors by name, lists of them, and the results of parts. */
export function tensorsOf(results: unknown): Tensor[] {
  if (results instanceof Tensor) return [results]
  return typeof results === 'object' && results !== null ? Object.values(results).flatMap(tensorsOf) : []
}
