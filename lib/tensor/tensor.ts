import { SaccadeError } from '../errors.js'
import { type DataOf, type DType, dataConstructors, dtypeBytes, isDType } from '../graph/dtype.js'
import { Node } from '../graph/node.js'
import { checkShape, formatShape, type Shape, sizeOf } from '../graph/shape.js'
import { BufferSource, sourceFrom } from '../runtime/memory.js'
import type { RunOptions } from '../runtime/programs.js'
import { evaluate } from './evaluate.js'
import { formatTensor, type Nested, nest } from './format.js'

/** What a tensor can be made from: a typed array, plain numbers, booleans, or bigints (for int64). */
export type TensorData = ArrayBufferView | readonly number[] | readonly bigint[] | readonly boolean[]

/**
 * A lazy tensor: a node of a graph with a face. Ops on tensors compute nothing; `await tensor.data()` compiles what it
 * needs into one program and runs it on the runtime's own threads. A computed tensor keeps its result until it is
 * disposed or collected.
 *
 * @typeParam D data type of the elements
 * @typeParam S shape; `Shape` where the rank is not known to the type checker
 */
export class Tensor<D extends DType = DType, S extends Shape = Shape> {
  /** The graph behind the tensor; for the ops of this library. */
  readonly node: Node
  #disposed = false

  /** Wraps a node. Use {@link Tensor.from} or an op to make a tensor. */
  constructor(node: Node) {
    this.node = node
  }

  /**
   * A tensor with a copy of the given elements, row-major.
   * @param data as many elements as the shape has; plain numbers become `dtype` (default float32)
   * @param shape sizes of the axes; default: one axis
   * @throws SHAPE_MISMATCH if the number of elements differs; DTYPE_MISMATCH if a typed array is not of `dtype`
   */
  static from<const S extends Shape = readonly [number], D extends DType = 'float32'>(
    data: TensorData,
    shape?: S,
    dtype?: D,
  ): Tensor<D, S> {
    const view = typedData(data, dtype)
    const size = view.values.byteLength / dtypeBytes[view.dtype]
    const sizes = shape ?? [size]
    checkShape(sizes, 'Tensor.from')
    if (sizeOf(sizes) !== size)
      throw new SaccadeError(
        'SHAPE_MISMATCH',
        `Tensor.from: shape ${formatShape(sizes)} has ${sizeOf(sizes)} elements, the data ${size}`,
      )
    return new Tensor<D, S>(new Node('data', view.dtype, [...sizes], [], undefined, sourceFrom(view.values)))
  }

  /** A tensor whose elements all have one value; takes no memory until it is used. */
  static full<const S extends Shape, D extends DType = 'float32'>(
    shape: S,
    value: number,
    dtype?: D,
  ): Tensor<D, S> {
    checkShape(shape, 'Tensor.full')
    return new Tensor<D, S>(new Node('fill', dtype ?? 'float32', [...shape], [], { value }))
  }

  static zeros<const S extends Shape, D extends DType = 'float32'>(shape: S, dtype?: D): Tensor<D, S> {
    return Tensor.full(shape, 0, dtype)
  }

  static ones<const S extends Shape, D extends DType = 'float32'>(shape: S, dtype?: D): Tensor<D, S> {
    return Tensor.full(shape, 1, dtype)
  }

  get shape(): S {
    return this.node.shape as S
  }

  get dtype(): D {
    return this.node.dtype as D
  }

  get rank(): number {
    return this.node.shape.length
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.node.shape)
  }

  /** Whether the elements are computed and in memory. */
  get computed(): boolean {
    return this.node.source !== undefined
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /**
   * Computes the tensor, if it is not computed yet, and returns a copy of its elements, row-major.
   * @throws ABORTED if `signal` fires; DISPOSED; OUT_OF_MEMORY; INDEX_OUT_OF_RANGE from a gather
   */
  async data(options?: RunOptions): Promise<DataOf<D>> {
    await evaluate([this], options)
    const { source } = this.node
    if (!(source instanceof BufferSource))
      throw new SaccadeError('INTERNAL', 'a computed tensor has no memory')
    if (source.disposed) throw new SaccadeError('DISPOSED', `the tensor ${this.describe()} was disposed`)
    const bytes = this.size * dtypeBytes[this.node.dtype]
    return new dataConstructors[this.node.dtype](source.buffer.read(0, bytes)) as DataOf<D>
  }

  /** Computes the tensor and returns its elements as nested arrays; a scalar as a number. int64 gives bigints. */
  async toArray(options?: RunOptions): Promise<Nested<D>> {
    const data = await this.data(options)
    return nest(data, this.node.shape, this.node.dtype) as Nested<D>
  }

  /** The one element of a tensor of size 1. */
  async item(options?: RunOptions): Promise<D extends 'int64' ? bigint : number> {
    if (this.size !== 1)
      throw new SaccadeError('SHAPE_MISMATCH', `item() needs a tensor of one element, got ${this.describe()}`)
    return (await this.data(options))[0] as D extends 'int64' ? bigint : number
  }

  /** Lets go of the memory now. Using the tensor, or what depends on it and is not computed, throws DISPOSED then. */
  dispose(): void {
    this.#disposed = true
    if (this.node.source instanceof BufferSource && !this.node.isConstant) this.node.source.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Type and shape in a few characters: float32[2, 3]. */
  describe(): string {
    return `${this.node.dtype}${formatShape(this.node.shape)}`
  }

  /** Type, shape and, if computed, the elements (the middle of long axes is left out). */
  toString(): string {
    const { source } = this.node
    if (this.#disposed || source?.disposed) return `Tensor ${this.describe()} (disposed)`
    if (!(source instanceof BufferSource)) return `Tensor ${this.describe()} (not computed)`
    const bytes = this.size * dtypeBytes[this.node.dtype]
    const data = new dataConstructors[this.node.dtype](source.buffer.read(0, bytes))
    return `Tensor ${this.describe()}\n${formatTensor(data, this.node.shape, this.node.dtype)}`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

const dtypeOfConstructor = new Map<unknown, DType>([
  [Float32Array, 'float32'],
  [Int32Array, 'int32'],
  [BigInt64Array, 'int64'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
])

function typedData(data: TensorData, dtype: DType | undefined): { values: ArrayBufferView; dtype: DType } {
  if (dtype !== undefined && !isDType(dtype))
    throw new SaccadeError('DTYPE_MISMATCH', `unknown data type '${String(dtype)}'`)
  if (ArrayBuffer.isView(data)) {
    const natural = Buffer.isBuffer(data) ? 'uint8' : dtypeOfConstructor.get(data.constructor)
    const wanted = dtype ?? natural
    const storage = wanted !== undefined && dataConstructors[wanted]
    const fits = storage && (data instanceof storage || (natural === 'uint8' && storage === Uint8Array))
    if (!fits)
      throw new SaccadeError(
        'DTYPE_MISMATCH',
        `Tensor.from: a ${data.constructor.name} does not hold ${dtype ?? 'a data type of saccade'}`,
      )
    return { values: data, dtype: wanted! }
  }
  if (!Array.isArray(data))
    throw new SaccadeError(
      'INPUT_INVALID',
      `Tensor.from takes a typed array or a list of numbers, got ${typeof data}`,
    )
  return { values: fromList(data as readonly unknown[], dtype ?? 'float32'), dtype: dtype ?? 'float32' }
}

function fromList(list: readonly unknown[], dtype: DType): ArrayBufferView {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw new SaccadeError(
      'DTYPE_MISMATCH',
      `Tensor.from: ${dtype} needs a Uint16Array of bits; or cast a float32 tensor`,
    )
  const bad = list.findIndex((x) => typeof x !== 'number' && typeof x !== 'bigint' && typeof x !== 'boolean')
  if (bad >= 0)
    throw new SaccadeError(
      'INPUT_INVALID',
      `Tensor.from: element ${bad} is a ${typeof list[bad]}, not a number (nested lists need flat())`,
    )
  if (dtype === 'int64') return BigInt64Array.from(list as number[], (x) => BigInt(x))
  const numbers = list.map(Number)
  if (dtype === 'bool') return Uint8Array.from(numbers, (x) => (x ? 1 : 0))
  if (dtype === 'int32') return Int32Array.from(numbers)
  return dtype === 'uint8' ? Uint8Array.from(numbers) : Float32Array.from(numbers)
}
