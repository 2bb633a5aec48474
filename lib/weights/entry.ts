import type { DType } from '../graph/dtype.js'

/**
 * Element types of weight files, with the bits of one element. Types that saccade does not have are refused when a
 * model asks for such a tensor.
 */
export const fileDTypeBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E4M3: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
  C64: 64,
} as const

export type FileDType = keyof typeof fileDTypeBits

/** The data type that a tensor of the file has in saccade. */
export const dtypeOfFile: { readonly [D in FileDType]?: DType } = {
  BOOL: 'bool',
  U8: 'uint8',
  F16: 'float16',
  BF16: 'bfloat16',
  I32: 'int32',
  F32: 'float32',
  I64: 'int64',
  F64: 'float32',
}

export function isFileDType(value: unknown): value is FileDType {
  return typeof value === 'string' && Object.hasOwn(fileDTypeBits, value)
}

/** Where one tensor is in a weights file. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: FileDType
  readonly shape: readonly number[]
  /** Path of the file, and the offset of the first element in bytes. */
  readonly file: string
  readonly offset: number
  /** From the first element to the end of the last. */
  readonly byteLength: number
  /** In elements; absent if the tensor is contiguous. */
  readonly strides?: readonly number[]
}

/** Product of sizes, or undefined if it is not a safe integer. */
export function exactProduct(sizes: readonly number[]): number | undefined {
  let product = 1
  for (const size of sizes) product *= size
  // Infinity and NaN are not safe integers. A product that was rounded is at least 2^53, unless a later size is 0, and
  // then 0 is exact.
  return Number.isSafeInteger(product) ? product : undefined
}
