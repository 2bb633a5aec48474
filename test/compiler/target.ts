// A machine to compile for that is not there, graphs to compile, and a look at what became of them.
import type { Instruction } from '../../lib/compiler/emitter.js'
import { fold } from '../../lib/compiler/fold.js'
import { fuse } from '../../lib/compiler/fuse.js'
import { Graph } from '../../lib/compiler/graph.js'
import { type Lowered, lower } from '../../lib/compiler/lower.js'
import type { Target } from '../../lib/compiler/target.js'
import type { DType } from '../../lib/graph/dtype.js'
import { GraphNode, type Source } from '../../lib/graph/node.js'
import type { OpName } from '../../lib/graph/ops.js'
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
  computes: (_op, dtype) => dtype === 'float32',
  quantizedRowBytes: (k) => k + 4,
  isa: 'paper',
}

/** The same machine, with 16-bit arithmetic for all ops but some. */
export const narrowTarget = (...without: readonly OpName[]): Target => ({
  ...target,
  computes: (op) => !without.includes(op),
})

let next = 0
const source = (): Source => ({ key: `source ${next++}`, disposed: false })

/** What a run is given. */
export function data<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  dtype?: D,
): Tensor<D, S> {
  return new Tensor(new GraphNode('data', [], { dtype: dtype ?? 'float32', shape }, source()))
}

/** A weight. */
export function weight<const S extends readonly number[], D extends DType = 'float32'>(
  shape: S,
  dtype?: D,
): Tensor<D, S> {
  return new Tensor(new GraphNode('constant', [], { dtype: dtype ?? 'float32', shape }, source()))
}

/** The instructions of a run, after folding. */
export function instructionsOf(...tensors: readonly Tensor[]): readonly Instruction[] {
  return lowered(...tensors).instructions
}

export function lowered(...tensors: readonly Tensor[]): Lowered {
  return lower(fold(fuse(new Graph(tensors.map(({ node }) => node))), target.isa).roots, target)
}

/** Names of the instructions of a run, in order. */
export function namesOf(...tensors: readonly Tensor[]): string[] {
  return instructionsOf(...tensors).map(({ op }) => op)
}
