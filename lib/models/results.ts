import { Tensor } from '../tensor/tensor.js'

/** All tensors in a model's results, including those in lists and nested results. */
export function tensorsOf(results: unknown): Tensor[] {
  if (results instanceof Tensor) return [results]
  return typeof results === 'object' && results !== null ? Object.values(results).flatMap(tensorsOf) : []
}
