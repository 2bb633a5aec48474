import type { DType, FloatDType } from '../graph/dtype.js'
import type { Activation, BinaryKind, Precision, ReduceKind, UnaryKind } from '../graph/kinds.js'
import type { OpName } from '../graph/ops.js'

/** The instructions of the runtime (native/runtime/op.h). Each has the name of its op in lib/graph/ops.ts. */
export const instructionNames = [
  'copy',
  'fill',
  'unary',
  'binary',
  'where',
  'reduce',
  'softmax',
  'norm',
  'topK',
  'pack',
  'quantize',
  'gemm',
  'attention',
  'attentionWeights',
  'convolution',
  'depthwise',
  'pool',
  'gather',
  'update',
  'resample',
] as const satisfies readonly OpName[]
export type InstructionName = (typeof instructionNames)[number]

/** Element types of views. `packed`: bytes that `pack` has written. */
export type ViewDType = DType | 'packed'

/** Properties of the device that the compiler depends on. */
export interface Target {
  /** Codes of native enumerations. */
  op(name: InstructionName): number
  dtype(name: ViewDType): number
  unary(name: UnaryKind | Activation | 'identity'): number
  binary(name: BinaryKind): number
  reduce(name: ReduceKind): number
  precision(name: Precision): number
  /** Whether the device has a kernel for an op with operands and result of this type, and sums in float32. */
  computes(op: OpName, dtype: FloatDType): boolean
  /** Bytes of a packed [batch, K, N] matrix. */
  packedBytes(batch: number, k: number, n: number, precision: Precision): number
  /** Bytes of a row of K elements that `quantize` writes. */
  quantizedRowBytes(k: number): number
  /** Identifies the packed layout: part of the keys of folded constants. */
  readonly isa: string
}
