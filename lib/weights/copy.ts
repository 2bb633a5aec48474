import { SaccadeError } from '../errors.js'
import { type DataOf, type DType, dataConstructors, dtypeBytes } from '../graph/dtype.js'
import { contiguousStrides, type Shape, sizeOf } from '../graph/shape.js'
import type { NativeBuffer, NativeMapping } from '../runtime/native.js'
import { fromNative } from '../runtime/runtime.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import type { TensorEntry } from './entry.js'

/** A row-major copy of a tensor that PyTorch stored with strides, such as a transposed matrix. */
export function contiguousCopy(mapping: NativeMapping, entry: TensorEntry, dtype: DType): Tensor {
  return copy(mapping, entry, dtype, (stored) => new dataConstructors[dtype](stored))
}

/** A copy in float32 of a tensor in float64. Values beyond the range of float32 are infinite, as in PyTorch. */
export function float32Copy(mapping: NativeMapping, entry: TensorEntry): Tensor {
  return copy(mapping, entry, 'float32', (stored) => new Float64Array(stored))
}

function copy(
  mapping: NativeMapping,
  entry: TensorEntry,
  dtype: DType,
  view: (stored: ArrayBuffer) => DataOf<DType> | Float64Array,
): Tensor {
  const { file, name, shape, offset, byteLength, strides = contiguousStrides(shape) } = entry
  let buffer: NativeBuffer | undefined
  try {
    buffer = mapping.buffer(offset, byteLength)
    const stored = view(buffer.read())
    const data = new dataConstructors[dtype](new ArrayBuffer(sizeOf(shape) * dtypeBytes[dtype]))
    copyStrided(data, stored, shape, strides)
    return constantFrom(data, shape, dtype)
  } catch (error) {
    if (error instanceof RangeError)
      throw new SaccadeError('OUT_OF_MEMORY', `${file}: no memory for a copy of ${name}`, { cause: error })
    throw fromNative(error)
  } finally {
    buffer?.dispose()
  }
}

function copyStrided(
  data: DataOf<DType>,
  stored: DataOf<DType> | Float64Array,
  shape: Shape,
  strides: readonly number[],
): void {
  const index = new Array<number>(shape.length).fill(0)
  let from = 0
  for (let to = 0; to < data.length; to++) {
    data[to] = stored[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
}
