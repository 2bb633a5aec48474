import { contiguousStrides } from '../graph/shape.js'
import type { NativeLayout } from '../runtime/native.js'
import { fileDTypeBits, type TensorEntry } from './entry.js'

/**
 * How a tensor lies in its file, if programs need a copy of it: in float64, with the strides of PyTorch (such as a
 * transposed matrix), or at an address that is no multiple of the elements' size.
 */
export function layoutOf({ dtype, shape, offset, strides }: TensorEntry): NativeLayout | undefined {
  const elementBytes = fileDTypeBits[dtype] / 8
  const narrow = dtype === 'F64'
  if (!narrow && !strides && offset % elementBytes === 0) return undefined
  return { elementBytes, narrow, shape, strides: strides ?? contiguousStrides(shape) }
}
