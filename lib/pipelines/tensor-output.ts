import { invalid, show } from '../errors.js'
import { type DataOf, type DType, isDType } from '../graph/dtype.js'
import { checkShape, formatShape, sizeOf } from '../graph/shape.js'
import { isDataOf } from '../tensor/data.js'
import { elements, type Nested, nest } from '../tensor/format.js'
import type { Tensor } from '../tensor/tensor.js'
import { isInteger, isNumber, readList } from '../values.js'

/** A part of an axis: one index, which removes the axis; [start, end), or null for all. Negative ones count from the end. */
export type SliceRange = number | readonly [start: number, end: number] | null

/**
 * A computed tensor with its elements in JavaScript memory. Has the interface of transformers.js's Tensor: `output[0]` and
 * iteration give the parts along the first axis. Ops take it as `Tensor.from(output.data, output.dims)`.
 */
export class TensorOutput<D extends DType = 'float32'> {
  readonly dims: readonly number[]
  readonly type: D
  /** The elements in row-major order. */
  readonly data: DataOf<D>
  /** The parts along the first axis; undefined past its end. */
  readonly [index: number]: TensorOutput<D>

  /** @throws DTYPE_MISMATCH, SHAPE_MISMATCH */
  constructor(type: D, data: DataOf<D>, dims: readonly number[]) {
    if (!isDType(type)) throw invalid('DTYPE_MISMATCH', 'TensorOutput: type', 'a data type', show(type))
    if (!isDataOf(type, data))
      throw invalid('DTYPE_MISMATCH', 'TensorOutput: data', `the typed array of ${type}`, show(data))
    checkShape(dims, 'TensorOutput: dims')
    if (sizeOf(dims) !== data.length)
      throw invalid('SHAPE_MISMATCH', 'TensorOutput: data', `${sizeOf(dims)} elements`, String(data.length))
    this.type = type
    this.data = data
    this.dims = dims
  }

  /** Copies a tensor from native memory; computes it first if it is not computed yet. @throws ABORTED */
  static async of<D extends DType>(tensor: Tensor<D>, signal?: AbortSignal): Promise<TensorOutput<D>> {
    return new TensorOutput(tensor.dtype, await tensor.data({ signal }), tensor.shape)
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.dims)
  }

  /** The elements as nested lists. */
  tolist(): Nested<D> {
    return nest(this.data, this.dims, this.type) as Nested<D>
  }

  /**
   * A copy of a part. `slice(0, null, [0, 8])` is index 0 of the first axis, all of the second, 8 of the third. Axes after
   * the last range are whole.
   * @throws INDEX_OUT_OF_RANGE, SHAPE_MISMATCH for more ranges than axes, INPUT_INVALID
   */
  slice(...ranges: readonly SliceRange[]): TensorOutput<D> {
    if (ranges.length > this.dims.length)
      throw invalid('SHAPE_MISMATCH', 'slice', `at most ${this.dims.length} ranges`, String(ranges.length))
    const spans = this.dims.map((dim, axis) => spanOf(ranges[axis] ?? null, dim, `slice: axis ${axis}`))
    const sizes = spans.map(({ start, end }) => end - start)
    const data = this.data.slice(0, sizeOf(sizes)) as DataOf<D>
    for (let index = 0; index < data.length; index++) {
      let [from, rest, step] = [0, index, 1]
      for (let axis = sizes.length - 1; axis >= 0; axis--) {
        from += (spans[axis]!.start + (rest % sizes[axis]!)) * step
        rest = Math.floor(rest / sizes[axis]!)
        step *= this.dims[axis]!
      }
      data[index] = this.data[from]!
    }
    const kept = sizes.filter((_, axis) => !isNumber(ranges[axis]))
    return new TensorOutput(this.type, data, kept)
  }

  /** The parts along the first axis. */
  *[Symbol.iterator](): Generator<TensorOutput<D>> {
    for (let index = 0; index < (this.dims[0] ?? 0); index++) yield this.slice(index)
  }

  /** For JSON.stringify: the elements are a flat list. */
  toJSON(): { type: D; dims: readonly number[]; data: readonly (number | boolean)[] } {
    return { type: this.type, dims: this.dims, data: elements(this.data, this.type) }
  }
}

// Indices are looked up here, behind the methods: a proxy in place of the object itself could not be sent to a worker.
const indices: ProxyHandler<object> = {
  get(target, key, output: TensorOutput) {
    if (typeof key !== 'string' || !/^(?:0|[1-9]\d*)$/.test(key)) return Reflect.get(target, key, output)
    return Number(key) < (output.dims[0] ?? 0) ? output.slice(Number(key)) : undefined
  },
}
Object.setPrototypeOf(TensorOutput.prototype, new Proxy(Object.prototype, indices))

function spanOf(range: SliceRange, dim: number, what: string): { start: number; end: number } {
  if (range === null) return { start: 0, end: dim }
  const fromEnd = (index: number) => (index < 0 ? index + dim : index)
  if (isNumber(range)) {
    const start = fromEnd(range)
    if (!isInteger(start) || start < 0 || start >= dim)
      throw invalid('INDEX_OUT_OF_RANGE', what, `an index of the ${dim} there are`, show(range))
    return { start, end: start + 1 }
  }
  const expected = 'an index, [start, end] or null'
  const [first, last, ...more] = readList(range, isInteger, { what, expected, item: 'a whole number' })
  if (first === undefined || last === undefined || more.length > 0)
    throw invalid('INPUT_INVALID', what, expected, show(range))
  const [start, end] = [Math.max(0, fromEnd(first)), Math.min(dim, fromEnd(last))]
  if (start > end)
    throw invalid('INDEX_OUT_OF_RANGE', what, `a range within ${dim}`, formatShape([first, last]))
  return { start, end }
}

/** Cosine similarity of two vectors. The name is that of transformers.js. @throws INPUT_INVALID, SHAPE_MISMATCH */
export function cos_sim(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [left, right] = [vectorOf(a, 'cos_sim: a'), vectorOf(b, 'cos_sim: b')]
  if (left.length !== right.length)
    throw invalid('SHAPE_MISMATCH', 'cos_sim: b', `${left.length} numbers, as in a`, String(right.length))
  let [dot, aa, bb] = [0, 0, 0]
  for (let index = 0; index < left.length; index++) {
    dot += left[index]! * right[index]!
    aa += left[index]! ** 2
    bb += right[index]! ** 2
  }
  return dot / Math.sqrt(aa * bb)
}

function vectorOf(vector: ArrayLike<number>, what: string): ArrayLike<number> {
  if (isDataOf('float32', vector) || isDataOf('int32', vector)) return vector
  if (ArrayBuffer.isView(vector) && !isDataOf('int64', vector) && 'length' in vector) return vector
  return readList(vector, isNumber, {
    what,
    expected: 'a list of numbers or a typed array',
    item: 'a number',
  })
}
