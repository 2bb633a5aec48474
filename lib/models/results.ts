import { Tensor } from '../tensor/tensor.js'

/** What a model gives, by name: tensors, lists of them, and the results of its parts. */
export interface Results {
  readonly [name: string]: Tensor | readonly Tensor[] | Results | undefined
}

/** All tensors of results. */
export function tensorsOf(results: Results): Tensor[] {
  return Object.values(results).flatMap((value) => {
    if (value === undefined) return []
    if (value instanceof Tensor) return [value]
    return isList(value) ? [...value] : tensorsOf(value)
  })
}

export function isList(value: readonly Tensor[] | Results): value is readonly Tensor[] {
  return Array.isArray(value)
}
