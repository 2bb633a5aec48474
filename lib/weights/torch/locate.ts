import { SaccadeError } from '../../errors.js'
import type { TensorEntry } from '../entry.js'
import { Global, Opaque, type Pickled } from '../pickle/value.js'
import type { TorchStorage } from './storage.js'
import { TorchTensor } from './tensor.js'

/** Offset of a storage's first byte in the file, which has all its bytes. */
export type FindStorage = (storage: TorchStorage, name: string) => number | Promise<number>

/**
 * Where the tensors of a state dict are in their file.
 * @throws PICKLE_FORBIDDEN for an object that is not a tensor
 */
export async function locateTensors(
  path: string,
  tensors: ReadonlyMap<string, Pickled>,
  find: FindStorage,
): Promise<TensorEntry[]> {
  const entries: TensorEntry[] = []
  for (const [name, tensor] of tensors) {
    if (tensor instanceof Opaque || tensor instanceof Global)
      throw new SaccadeError(
        'PICKLE_FORBIDDEN',
        `${path}: ${name} is a Python object of ${tensor.name}, which the restricted reader does not build`,
      )
    // Python numbers beside the tensors, such as counters, are not weights.
    if (!(tensor instanceof TorchTensor)) continue
    const { dtype, shape, strides, itemBytes, contiguous } = tensor
    entries.push({
      ...{ name, dtype, shape, file: path },
      offset: (await find(tensor.storage, name)) + tensor.offset * itemBytes,
      byteLength: tensor.span! * itemBytes,
      ...(contiguous ? {} : { strides }),
    })
  }
  return entries
}
