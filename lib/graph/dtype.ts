import { invalid, show } from '../errors.js'

/** Bytes of one element of each data type. */
export const dtypeBytes = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
} as const

/** The type of a tensor's elements. */
export type DType = keyof typeof dtypeBytes

/** Floating-point types, in which a device may compute. */
export type FloatDType = 'float32' | 'float16' | 'bfloat16'

/** The typed array of a data type. float16 and bfloat16 elements are stored as their 16 bits. */
export type DataOf<D extends DType> = D extends 'float32'
  ? Float32Array
  : D extends 'int32'
    ? Int32Array
    : D extends 'int64'
      ? BigInt64Array
      : D extends 'uint8' | 'bool'
        ? Uint8Array
        : Uint16Array

type DataConstructor = new (data: ArrayBuffer | readonly number[]) => DataOf<DType>

/** The constructor of the typed array for each data type. */
export const dataConstructors: Record<DType, DataConstructor> = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
}

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(dtypeBytes, value)
}

export const dtypes: readonly DType[] = Object.keys(dtypeBytes).filter(isDType)

const integerRanges: { readonly [D in DType]?: readonly [bigint, bigint] } = {
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint8: [0n, 255n],
}

/**
 * Converts a value to an element of a data type; booleans to 0 or 1.
 * @throws INPUT_INVALID if an integer type cannot represent the value
 */
export function checkValue(value: number | bigint | boolean, dtype: DType, what: string): number | bigint {
  if (dtype === 'bool') return value ? 1 : 0
  const range = integerRanges[dtype]
  if (!range) return Number(value)
  const whole = typeof value !== 'number' || Number.isInteger(value)
  const exact = whole ? BigInt(value) : undefined
  if (exact === undefined || exact < range[0] || exact > range[1])
    throw invalid(
      'INPUT_INVALID',
      what,
      `a whole number from ${range[0]} to ${range[1]} (${dtype})`,
      show(value),
    )
  return dtype === 'int64' ? exact : Number(value)
}
