import type { RunOptions } from '../runtime/run-options.js'
import { readList } from '../values.js'
import { compute } from './compute.js'
import { Tensor } from './tensor.js'

/**
 * Computes several tensors in one program, sharing what they have in common. Tensors computed before cost nothing.
 * Device, dtype and threads default to those the data was computed with (see {@link RunOptions}).
 * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, OPTION_INVALID, OPTION_UNKNOWN,
 *   DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export async function evaluate(tensors: readonly Tensor[], options: RunOptions = {}): Promise<void> {
  const isTensor = (value: unknown): value is Tensor => value instanceof Tensor
  const list = readList(tensors, isTensor, {
    what: 'evaluate',
    expected: 'a list of tensors',
    item: 'a tensor',
  })
  await compute(list, options)
}
