import { unlessAborted } from '../abort.js'
import { dispose } from '../dispose.js'
import { invalid, SaccadeError, show } from '../errors.js'
import { checkValue, type DataOf, type DType, dataConstructors, dtypeBytes, isDType } from '../graph/dtype.js'
import { GraphNode, type Node } from '../graph/node.js'
import { checkShape, formatShape, type Shape, sizeOf } from '../graph/shape.js'
import type { Dims } from '../graph/shape-types.js'
import { fillNode } from '../graph/views.js'
import { BufferSource, sourceFrom } from '../runtime/memory.js'
import type { RunOptions } from '../runtime/run-options.js'
import { compute } from './compute.js'
import { type NaturalDType, type TensorData, typedData } from './data.js'
import { type ElementOf, elementOf, elements, formatTensor, type Nested, nest } from './format.js'

/**
 * A lazy tensor: the public interface of a graph node. Ops on tensors compute nothing. `await tensor.data()` compiles the
 * graph into one program and runs it on the runtime's own threads. A computed tensor keeps its result until it is
 * disposed or garbage-collected.
 *
 * @typeParam D data type of the elements
 * @typeParam S shape; `Shape` if the rank is not known to the type checker
 */
export class Tensor<D extends DType = DType, S extends Shape = Shape> {
  /** The graph node. For the ops of this library. */
  readonly node: Node
  #disposed = false

  /** By brand: a proxy of a tensor is none, as it has no private fields; and instanceof must not throw. */
  static [Symbol.hasInstance](value: unknown): value is Tensor {
    return typeof value === 'object' && value !== null && #disposed in value
  }

  /** For the ops of this library. Users make tensors with {@link Tensor.from} and ops. */
  constructor(node: Node) {
    if (!(node instanceof GraphNode))
      throw invalid(
        'INPUT_INVALID',
        'new Tensor',
        'a node of the graph (tensors are made by Tensor.from)',
        show(node),
      )
    this.node = node
  }

  /**
   * Makes a tensor with a copy of row-major elements.
   * @param data a typed array, or a list of numbers, booleans or bigints
   * @param shape sizes of the axes; default: one axis
   * @param dtype default: that of the typed array; float32, bool or int64 for lists of numbers, booleans or bigints
   * @throws SHAPE_MISMATCH if the number of elements differs; DTYPE_MISMATCH if a typed array does not have `dtype`;
   *   INPUT_INVALID for other data, and for an element that `dtype` cannot represent; OUT_OF_MEMORY
   */
  static from<T extends TensorData, const S extends Shape, D extends DType = NaturalDType<T>>(
    data: T,
    shape: S,
    dtype?: D,
  ): Tensor<NoInfer<D>, Dims<S>>
  static from<T extends TensorData, D extends DType = NaturalDType<T>>(
    data: T,
    shape?: undefined,
    dtype?: D,
  ): Tensor<NoInfer<D>, [number]>
  static from(data: TensorData, shape?: Shape, dtype?: DType): Tensor {
    const view = typedData(data, dtype)
    const size = view.values.byteLength / dtypeBytes[view.dtype]
    const sizes = shape === undefined ? [size] : shape
    checkShape(sizes, 'Tensor.from')
    if (sizeOf(sizes) !== size)
      throw invalid(
        'SHAPE_MISMATCH',
        'Tensor.from',
        `${sizeOf(sizes)} elements, by the shape ${formatShape(sizes)}`,
        String(size),
      )
    return new Tensor(
      new GraphNode('data', [], { dtype: view.dtype, shape: [...sizes] }, sourceFrom(view.values)),
    )
  }

  /**
   * Makes a tensor whose elements all have one value. Takes no memory until it is computed.
   * @throws SHAPE_MISMATCH, DTYPE_MISMATCH; INPUT_INVALID for a value that `dtype` cannot represent
   */
  static full<const S extends Shape, D extends DType = 'float32'>(
    shape: S,
    value: number | boolean,
    dtype?: D,
  ): Tensor<NoInfer<D>, Dims<S>> {
    const type = dtype ?? 'float32'
    checkShape(shape, 'Tensor.full')
    if (!isDType(type)) throw invalid('DTYPE_MISMATCH', 'Tensor.full', 'a data type', show(type))
    if (typeof value !== 'number' && typeof value !== 'boolean')
      throw invalid('INPUT_INVALID', 'Tensor.full: value', 'a number', show(value))
    const element = Number(checkValue(value, type, 'Tensor.full'))
    return new Tensor(fillNode([...shape], element, type, false))
  }

  /** Makes a tensor of zeros; see {@link Tensor.full}. */
  static zeros<const S extends Shape, D extends DType = 'float32'>(
    shape: S,
    dtype?: D,
  ): Tensor<NoInfer<D>, Dims<S>> {
    return Tensor.full(shape, 0, dtype)
  }

  /** Makes a tensor of ones; see {@link Tensor.full}. */
  static ones<const S extends Shape, D extends DType = 'float32'>(
    shape: S,
    dtype?: D,
  ): Tensor<NoInfer<D>, Dims<S>> {
    return Tensor.full(shape, 1, dtype)
  }

  /** Sizes of the axes. */
  get shape(): Readonly<S> {
    return this.node.shape as Readonly<S>
  }

  /** Data type of the elements. */
  get dtype(): D {
    return this.node.dtype as D
  }

  /** Number of axes. */
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

  /** Whether dispose() was called. */
  get disposed(): boolean {
    return this.#disposed
  }

  /**
   * Computes the tensor if it is not computed yet, and returns a copy of its elements in row-major order. More
   * than a megabyte is copied off the event loop.
   * @throws ABORTED if `signal` fires; DISPOSED; OUT_OF_MEMORY; INDEX_OUT_OF_RANGE from a gather; OPTION_INVALID,
   *   OPTION_UNKNOWN, DEVICE_UNAVAILABLE, DEVICE_MISMATCH
   */
  async data(options: RunOptions = {}): Promise<DataOf<D>> {
    await compute([this], options)
    const read = this.#source().read(this.size * dtypeBytes[this.node.dtype])
    return this.#view(read instanceof Promise ? await unlessAborted(read, options.signal) : read)
  }

  /**
   * Computes the tensor and returns its elements as nested arrays, or the element itself for a scalar. Elements are
   * booleans for bool, bigints for int64, and numbers for all other data types.
   */
  async toArray(options?: RunOptions): Promise<Nested<D, S>> {
    const data = await this.data(options)
    return nest(data, this.node.shape, this.node.dtype) as Nested<D, S>
  }

  /** Computes a tensor of one element and returns the element. @throws SHAPE_MISMATCH for another number of elements */
  async item(options?: RunOptions): Promise<ElementOf<D>> {
    if (this.size !== 1) throw invalid('SHAPE_MISMATCH', 'item', 'a tensor of one element', this.describe())
    const [only] = await this.data(options)
    return elementOf(only!, this.node.dtype) as ElementOf<D>
  }

  /**
   * Releases the memory now. Afterwards, using the tensor throws DISPOSED, and so does computing a tensor that depends on
   * its memory. Other computed tensors are not affected, including those that were views of this one.
   */
  dispose(): void {
    this.#disposed = true
    if (this.node.source instanceof BufferSource && !this.node.isConstant) this.node.source.dispose()
  }

  [dispose](): void {
    this.dispose()
  }

  /** Data type and shape as text: float32[2, 3]. */
  describe(): string {
    return `${this.node.dtype}${formatShape(this.node.shape)}`
  }

  /**
   * For JSON.stringify: data type, shape, and the elements as a flat list. NaN and infinities are null in JSON.
   * @throws INPUT_INVALID for a tensor that is not computed: `await tensor.data()` computes it; DISPOSED
   */
  toJSON(): { dtype: D; shape: readonly number[]; data: readonly (number | boolean)[] } {
    const { source } = this.node
    if (!this.#disposed && !(source instanceof BufferSource))
      throw invalid(
        'INPUT_INVALID',
        'toJSON',
        'a computed tensor (await data() computes it)',
        this.describe(),
      )
    const { dtype, shape } = this
    return { dtype, shape, data: elements(this.#read(), dtype) }
  }

  /** Data type, shape and, if computed, the elements without the middle of long axes. */
  toString(): string {
    const { source } = this.node
    if (this.#disposed || source?.disposed) return `Tensor ${this.describe()} (disposed)`
    if (!(source instanceof BufferSource)) return `Tensor ${this.describe()} (not computed)`
    return `Tensor ${this.describe()}\n${formatTensor(this.#read(), this.node.shape, this.node.dtype)}`
  }

  /** A copy of the elements of a computed tensor, made on the event loop. */
  #read(): DataOf<D> {
    return this.#view(this.#source().readNow())
  }

  /** The memory of a computed tensor. */
  #source(): BufferSource {
    const { source } = this.node
    if (this.#disposed || source?.disposed)
      throw new SaccadeError('DISPOSED', `the tensor ${this.describe()} was disposed`)
    if (!(source instanceof BufferSource))
      throw new SaccadeError('INTERNAL', 'a computed tensor has no memory')
    return source
  }

  #view(bytes: ArrayBuffer): DataOf<D> {
    return new dataConstructors[this.node.dtype](bytes) as DataOf<D>
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}
