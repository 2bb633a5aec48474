import type { DataOf, DType } from '../graph/dtype.js'
import { sizeOf } from '../graph/shape.js'
import { type Nested, nest } from '../tensor/format.js'
import type { Tensor } from '../tensor/tensor.js'

/** A computed tensor with its elements in JavaScript memory. Has the interface of transformers.js's Tensor. */
export class TensorOutput<D extends DType = 'float32'> {
  readonly dims: readonly number[]
  readonly type: D
  readonly data: DataOf<D>

  constructor(type: D, data: DataOf<D>, dims: readonly number[]) {
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

  /** The parts along the first axis. */
  *[Symbol.iterator](): Generator<TensorOutput<D>> {
    const [count = 0, ...rest] = this.dims
    const step = sizeOf(rest)
    for (let index = 0; index < count; index++)
      yield new TensorOutput(this.type, this.data.slice(index * step, (index + 1) * step) as DataOf<D>, rest)
  }
}

/** Cosine similarity of two vectors. The name is that of transformers.js. */
export function cos_sim(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0]
  for (let index = 0; index < a.length; index++) {
    dot += a[index]! * b[index]!
    aa += a[index]! ** 2
    bb += b[index]! ** 2
  }
  return dot / Math.sqrt(aa * bb)
}
