// A machine to compile for that is not there, graphs to compile, and a look at what became of them.
import { fold } from '../../lib/compiler/fold.js'
import { fuse } from '../../lib/compiler/fuse.js'
import type { Instruction, Lowered } from '../../lib/compiler/lower.js'
import { lower } from '../../lib/compiler/lower.js'
import type { Target } from '../../lib/compiler/target.js'
import type { DType } from '../../lib/graph/dtype.js'
import { Node, type Source } from '../../lib/graph/node.js'
import { Tensor } from '../../lib/tensor/tensor.js'

const numbering = () => {
  const names: string[] = []
  return (name: string) => (names.includes(name) ? names.indexOf(name) : names.push(name) - 1)
}

export const target: Target = {
  op: numbering(),
  dtype: numbering(),
  unary: numbering(),
  binary: numbering(),
  reduce: numbering(),
  precision: numbering(),
  packedBytes: (batch, k, n, precision) =>
    batch * k * n * { float32: 4, float16: 2, bfloat16: 2, int8: 1 }[precision],
  quantizedRowBytes: (k) => 4 + k,
  isa: 'paper',
}

let next = 0
const source = (): Source => ({ key: `source ${next++}`, disposed: false })

/** What a run is given. */
export function data<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  dtype?: D,
): Tensor<D, S> {
  return new Tensor(new Node('data', dtype ?? 'float32', shape, [], undefined, source()))
}

/** A weight. */
export function weight<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  dtype?: D,
): Tensor<D, S> {
  return new Tensor(new Node('constant', dtype ?? 'float32', shape, [], undefined, source()))
}

/** The instructions of a run, after folding. */
export function instructionsOf(...tensors: readonly Tensor[]): readonly Instruction[] {
  return lowered(...tensors).instructions
}

export function lowered(...tensors: readonly Tensor[]): Lowered {
  return lower(fold(fuse(tensors.map(({ node }) => node)), target.isa).roots, target)
}

/** Names of the instructions of a run, in order. */
export function namesOf(...tensors: readonly Tensor[]): string[] {
  return instructionsOf(...tensors).map(({ op }) => op)
}
