import type { DType, FloatDType } from '../graph/dtype.js'
import type { Activation, BinaryKind, Precision, ReduceKind, UnaryKind } from '../graph/kinds.js'
import type { OpName } from '../graph/ops.js'

export { type Precision, precisions } from '../graph/kinds.js'

/** What the runtime executes (native/runtime/kernel.h): of the ops in the record those that a rule emits. */
export const instructionNames = [
  'copy',
  'fill',
  'unary',
  'binary',
  'where',
  'reduce',
  'softmax',
  'norm',
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

/** Element types of views; `packed` is bytes that `pack` has written. */
export type ViewDType = DType | 'packed'

/** What the compiler asks of the machine it compiles for. */
export interface Target {
  /** Numbers of native enumerations by name. */
  op(name: InstructionName): number
  dtype(name: ViewDType): number
  unary(name: UnaryKind | Activation | 'identity'): number
  binary(name: BinaryKind): number
  reduce(name: ReduceKind): number
  precision(name: Precision): number
  /** Whether the device computes an op in a data type: with operands and result of this type, and sums in float32. */
  computes(op: OpName, dtype: FloatDType): boolean
  /** Bytes of a packed [batch, K, N] matrix. */
  packedBytes(batch: number, k: number, n: number, precision: Precision): number
  /** Bytes of a row of K numbers that `quantize` has written. */
  quantizedRowBytes(k: number): number
  /** Names the packed layout: constants packed for one target are not those of another. */
  readonly isa: string
}
