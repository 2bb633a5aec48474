/** How weights of matrix products are stored; precision.ts says what that means for arithmetic. */
export const precisions = ['float32', 'bfloat16', 'float16', 'int8'] as const
export type Precision = (typeof precisions)[number]

/** What the compiler asks of the device it compiles for. */
export interface Target {
  /** Numbers of native enumerations by name. */
  op(name: string): number
  dtype(name: string): number
  unary(name: string): number
  binary(name: string): number
  reduce(name: string): number
  precision(name: string): number
  /** Bytes of a packed [batch, K, N] matrix. */
  packedBytes(batch: number, k: number, n: number, precision: Precision): number
  /** Bytes of a row of K elements as the op `quantize` writes it. */
  quantizedRowBytes(k: number): number
  /** Names the packed layout: constants packed for one target are not those of another. */
  readonly isa: string
}
