import { invalid, show } from '../errors.js'
import { checkValue, type DType, dataConstructors, isDType } from '../graph/dtype.js'

/** Data of a new tensor: a typed array, or a list of numbers, booleans or bigints. */
export type TensorData = ArrayBufferView | readonly number[] | readonly bigint[] | readonly boolean[]

/** The default data type for some data. A Uint16Array has none: it may have the bits of float16 or of bfloat16. */
export type NaturalDType<T> = T extends readonly number[]
  ? 'float32'
  : T extends readonly bigint[]
    ? 'int64'
    : T extends readonly boolean[]
      ? 'bool'
      : T extends Float32Array
        ? 'float32'
        : T extends Int32Array
          ? 'int32'
          : T extends BigInt64Array
            ? 'int64'
            : T extends Uint8Array | Uint8ClampedArray
              ? 'uint8'
              : DType

const naturalDTypes: readonly (readonly [new () => ArrayBufferView, DType])[] = [
  [Float32Array, 'float32'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
]

/**
 * Converts data to the typed array of its data type.
 * @throws DTYPE_MISMATCH if a typed array does not have the type; INPUT_INVALID for other data
 */
export function typedData(
  data: TensorData,
  dtype: DType | undefined,
): { values: ArrayBufferView; dtype: DType } {
  if (dtype !== undefined && !isDType(dtype))
    throw invalid('DTYPE_MISMATCH', 'Tensor.from', 'a data type', show(dtype))
  if (ArrayBuffer.isView(data)) return { values: data, dtype: dtypeOfView(data, dtype) }
  if (!Array.isArray(data))
    throw invalid('INPUT_INVALID', 'Tensor.from', 'a typed array or a list of numbers', show(data))
  const type = dtype ?? dtypeOfElement(data[0])
  return { values: typedArrayOf(data, type), dtype: type }
}

function dtypeOfView(data: ArrayBufferView, dtype: DType | undefined): DType {
  const natural = naturalDTypes.find(([view]) => data instanceof view)?.[1]
  const wanted = dtype ?? natural
  const storage = wanted && dataConstructors[wanted]
  if (wanted && storage && (data instanceof storage || (natural === 'uint8' && storage === Uint8Array)))
    return wanted
  const hint = data instanceof Uint16Array ? " (or its dtype: 'float16' or 'bfloat16')" : ''
  throw invalid(
    'DTYPE_MISMATCH',
    'Tensor.from',
    `a typed array of ${dtype ?? 'a data type of saccade'}${hint}`,
    data.constructor.name,
  )
}

function dtypeOfElement(element: unknown): DType {
  if (typeof element === 'bigint') return 'int64'
  return typeof element === 'boolean' ? 'bool' : 'float32'
}

function typedArrayOf(list: readonly unknown[], dtype: DType): ArrayBufferView {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw invalid(
      'DTYPE_MISMATCH',
      'Tensor.from',
      `a Uint16Array of the bits of ${dtype} (or cast a float32 tensor)`,
      'a list',
    )
  const numbers = Array.from(list, (element, index) => {
    if (typeof element === 'number' || typeof element === 'bigint' || typeof element === 'boolean')
      return checkValue(element, dtype, `Tensor.from: element ${index}`)
    throw invalid(
      'INPUT_INVALID',
      `Tensor.from: element ${index}`,
      'a number (for nested lists see flat(Infinity))',
      show(element),
    )
  })
  if (dtype === 'int64') return BigInt64Array.from(numbers, BigInt)
  return new dataConstructors[dtype](numbers as number[])
}
