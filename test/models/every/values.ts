// Tensors as their elements, cut and compared bit for bit.
import * as assert from 'uvu/assert'
import { type DType, dataConstructors, dtypeBytes } from '../../../lib/graph/dtype.js'
import { sizeOf } from '../../../lib/graph/shape.js'
import { Tensor } from '../../../lib/tensor/tensor.js'

export interface Values {
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export type NamedValues = Readonly<Record<string, Values>>

export async function valuesOf({ dtype, shape }: Tensor, data: Promise<ArrayBufferView>): Promise<Values> {
  const { buffer, byteOffset, byteLength } = await data
  return { dtype, shape, bytes: new Uint8Array(buffer, byteOffset, byteLength).slice() }
}

export const tensorOf = ({ dtype, shape, bytes }: Values): Tensor =>
  Tensor.from(new dataConstructors[dtype](bytes.slice().buffer), shape, dtype)

/** Elements as numbers. */
export const numbersOf = ({ dtype, bytes }: Values): number[] =>
  Array.from<number | bigint, number>(new dataConstructors[dtype](bytes.slice().buffer), Number)

export function valuesFrom(numbers: readonly number[], shape: readonly number[], dtype: DType): Values {
  const elements =
    dtype === 'int64' ? BigInt64Array.from(numbers, BigInt) : new dataConstructors[dtype](numbers)
  return { dtype, shape, bytes: new Uint8Array(elements.buffer) }
}

/** The part of a tensor with this start and these sizes. */
export function block(
  { dtype, shape: whole, bytes }: Values,
  start: readonly number[],
  shape: readonly number[],
): Values {
  const part = new Uint8Array(sizeOf(shape) * dtypeBytes[dtype])
  const last = shape.length - 1
  const copy = (axis: number, from: number, to: number): void => {
    if (axis < last) {
      for (let i = 0; i < shape[axis]!; i++)
        copy(axis + 1, (from + start[axis]! + i) * whole[axis + 1]!, (to + i) * shape[axis + 1]!)
      return
    }
    const first = (from + start[axis]!) * dtypeBytes[dtype]
    part.set(bytes.subarray(first, first + shape[axis]! * dtypeBytes[dtype]), to * dtypeBytes[dtype])
  }
  if (last >= 0 && part.length > 0) copy(0, 0, 0)
  else part.set(bytes)
  return { dtype, shape, bytes: part }
}

/** Fails unless two tensors have the same data type, shape and bits. */
export function sameValues(got: Values, want: Values, what: string): void {
  assert.equal([got.dtype, ...got.shape], [want.dtype, ...want.shape], `${what}: type and shape`)
  if (Buffer.compare(got.bytes, want.bytes) === 0) return
  const [left, right] = [numbersOf(got), numbersOf(want)]
  const first = left.findIndex((value, index) => !Object.is(value, right[index]))
  assert.unreachable(`${what}: element ${first} of [${got.shape}] is ${left[first]}, not ${right[first]}`)
}
