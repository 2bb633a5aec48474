import { invalid, show } from '../errors.js'
import type { RunOptions } from '../runtime/run-options.js'
import { compute } from './compute.js'
import { Tensor } from './tensor.js'

/**
 * Computes several tensors in one program: what they have in common is computed once, and tensors that are computed
 * already are not computed again. {@link RunOptions} documents the defaults of device, dtype and threads.
 * @throws ABORTED, DISPOSED, OUT_OF_MEMORY, INDEX_OUT_OF_RANGE, INPUT_INVALID, OPTION_INVALID, OPTION_UNKNOWN,
 *   DEVICE_UNAVAILABLE, DEVICE_MISMATCH
 */
export async function evaluate(tensors: readonly Tensor[], options: RunOptions = {}): Promise<void> {
  if (!Array.isArray(tensors) || !tensors.every((tensor) => tensor instanceof Tensor))
    throw invalid('INPUT_INVALID', 'evaluate', 'a list of tensors', show(tensors))
  await compute(tensors, options)
}
