import { createHash } from 'node:crypto'
import { checkValue, type DataOf, type DType, dtypeBytes } from '../graph/dtype.js'
import { GraphNode } from '../graph/node.js'
import { checkShape, type Shape, sizeOf } from '../graph/shape.js'
import { fillNode } from '../graph/views.js'
import { BufferSource, sourceFrom } from '../runtime/memory.js'
import type { NativeLayout, NativeMapping } from '../runtime/native.js'
import { fromNative } from '../runtime/runtime.js'
import { Tensor } from './tensor.js'

/**
 * A weight: elements in a mapped file. Constants are packed and folded once in a process.
 * @param offset of the first element, in bytes
 * @param stored how the elements lie in the file, and in how many bytes, if not in row-major order or in another dtype
 */
export function constant<D extends DType>(
  mapping: NativeMapping,
  offset: number,
  dtype: D,
  shape: Shape,
  stored?: { readonly byteLength: number; readonly layout: NativeLayout },
): Tensor<D> {
  checkShape(shape, 'constant')
  const bytes = stored?.byteLength ?? sizeOf(shape) * dtypeBytes[dtype]
  try {
    const view = mapping.buffer(offset, bytes, 1)
    const place = `${mapping.key}@${offset}+${bytes}`
    const key = stored ? `${place} ${JSON.stringify(stored.layout)}` : place
    const source = new BufferSource(view, key, undefined, stored?.layout).disposeWhenCollected()
    return new Tensor<D>(new GraphNode('constant', [], { dtype, shape: [...shape] }, source))
  } catch (error) {
    throw fromNative(error)
  }
}

/** A constant from a computed table, such as sinusoidal positions. Constants folded from equal tables are shared. */
export function constantFrom<D extends DType, const S extends Shape>(
  data: DataOf<D>,
  shape: S,
  dtype: D,
): Tensor<D, S> {
  checkShape(shape, 'constantFrom')
  const digest = createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('base64')
  return new Tensor<D, S>(
    new GraphNode('constant', [], { dtype, shape: [...shape] }, sourceFrom(data, digest)),
  )
}

/** A constant whose elements all have one value, for numbers as operands and for missing biases. */
export function constantFull<D extends DType, const S extends Shape>(
  shape: S,
  value: number,
  dtype: D,
): Tensor<D, S> {
  const element = Number(checkValue(value, dtype, 'number as an operand'))
  return new Tensor<D, S>(fillNode([...shape], element, dtype, true))
}

/** Disposes a constant's memory, and the programs that use it. */
export function releaseConstant(tensor: Tensor): void {
  if (tensor.node.source instanceof BufferSource) tensor.node.source.dispose()
}
