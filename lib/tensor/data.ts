import { types } from 'node:util'
import { invalid, show } from '../errors.js'
import { checkValue, type DataOf, type DType, dataConstructors, isDType } from '../graph/dtype.js'
import { readList } from '../values.js'

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

type BrandCheck = (value: unknown) => boolean

const isBytes: BrandCheck = (value) => types.isUint8Array(value) || types.isUint8ClampedArray(value)

/** The typed array of each data type, of any realm. */
const storages: Readonly<Record<DType, BrandCheck>> = {
  float32: types.isFloat32Array,
  int32: types.isInt32Array,
  int64: types.isBigInt64Array,
  uint8: isBytes,
  bool: isBytes,
  float16: types.isUint16Array,
  bfloat16: types.isUint16Array,
}

/** Whether a value is the typed array of a data type; a Uint8ClampedArray is one of uint8 and bool. */
export function isDataOf<D extends DType>(dtype: D, value: unknown): value is DataOf<D> {
  return storages[dtype](value)
}

const naturalDTypes: readonly DType[] = ['float32', 'int32', 'int64', 'uint8']

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
  const list = readList(data, isElement, {
    what: 'Tensor.from',
    expected: 'a typed array or a list of numbers',
    item: 'a number (for nested lists see flat(Infinity))',
  })
  const type = dtype ?? dtypeOfElement(list[0])
  return { values: typedArrayOf(list, type), dtype: type }
}

function dtypeOfView(data: ArrayBufferView, dtype: DType | undefined): DType {
  const wanted = dtype ?? naturalDTypes.find((natural) => storages[natural](data))
  if (wanted && storages[wanted](data)) return wanted
  const hint = types.isUint16Array(data) ? " (or its dtype: 'float16' or 'bfloat16')" : ''
  throw invalid(
    'DTYPE_MISMATCH',
    'Tensor.from',
    `a typed array of ${dtype ?? 'a data type of saccade'}${hint}`,
    nameOf(data),
  )
}

/** The class of a view, of any realm: Float64Array. */
function nameOf(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view).slice('[object '.length, -1)
}

type Element = number | bigint | boolean

function isElement(value: unknown): value is Element {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
}

function dtypeOfElement(element: Element | undefined): DType {
  if (typeof element === 'bigint') return 'int64'
  return typeof element === 'boolean' ? 'bool' : 'float32'
}

function typedArrayOf(list: readonly Element[], dtype: DType): ArrayBufferView {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw invalid(
      'DTYPE_MISMATCH',
      'Tensor.from',
      `a Uint16Array of the bits of ${dtype} (or cast a float32 tensor)`,
      'a list',
    )
  const numbers = list.map((element, index) => checkValue(element, dtype, `Tensor.from: element ${index}`))
  if (dtype === 'int64') return BigInt64Array.from(numbers, BigInt)
  return new dataConstructors[dtype](numbers as number[])
}
