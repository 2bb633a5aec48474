import { dtypeBytes } from '../graph/dtype.js'
import type { Node, NodeOf, Source } from '../graph/node.js'
import type { LeafName } from '../graph/record/leaves.js'
import { type Shape, sizeOf } from '../graph/shape.js'
import { topologicalOrder } from '../graph/structure.js'
import type { Emitter, Instruction } from './emitter.js'
import { contiguousLayout, isContiguous, type Layout, type Value } from './layout.js'
import { bytesOf } from './packing.js'
import { lowerNode } from './rules.js'
import type { Target, ViewDType } from './target.js'

/** A graph as a flat list of instructions. The memory of its values is not planned yet. */
export interface Lowered {
  readonly instructions: readonly Instruction[]
  readonly values: readonly Value[]
  /** Leaves to bind: constants once, inputs at every run. */
  readonly constants: readonly Source[]
  readonly inputs: readonly Node[]
  /** The inputs that the program overwrites. */
  readonly written: readonly Node[]
  /** The value of each root, in order. */
  readonly outputs: readonly Value[]
}

/** Lowers fused and folded roots. Each root becomes one output, in order; roots must be distinct. */
export function lower(roots: readonly Node[], target: Target): Lowered {
  const lowering = new Lowering(target)
  for (const node of topologicalOrder(roots)) lowering.visit(node)
  for (const root of roots) lowering.output(root)
  return lowering
}

class Lowering implements Lowered, Emitter {
  readonly target: Target
  readonly instructions: Instruction[] = []
  readonly values: Value[] = []
  readonly constants: Source[] = []
  readonly inputs: Node[] = []
  readonly outputs: Value[] = []
  readonly #layouts = new Map<Node, Layout>()

  constructor(target: Target) {
    this.target = target
  }

  get written(): Node[] {
    return this.inputs.filter((leaf) => this.layout(leaf).value.kind === 'inout')
  }

  layout(node: Node): Layout {
    return this.#layouts.get(node)!
  }

  visit(node: Node): void {
    // A result without elements needs no instruction.
    const isEmpty = !node.source && sizeOf(node.shape) === 0
    this.#layouts.set(node, isEmpty ? this.allocate(node.dtype, node.shape) : lowerNode(node, this))
  }

  bind(leaf: NodeOf<LeafName>): Layout {
    const bytes = bytesOf(leaf, this.target)
    const value = leaf.isConstant
      ? this.#value('constant', bytes, this.constants.push(leaf.source!) - 1)
      : this.#value('input', bytes, this.inputs.push(leaf) - 1)
    return leaf.op === 'packed'
      ? contiguousLayout(value, 'packed', [bytes])
      : contiguousLayout(value, leaf.dtype, leaf.shape)
  }

  #value(kind: Value['kind'], bytes: number, location: number): Value {
    const value = { kind, bytes, location, first: -1, last: -1 }
    this.values.push(value)
    return value
  }

  allocate(dtype: ViewDType, shape: Shape): Layout {
    const size = sizeOf(shape) * (dtype === 'packed' ? 1 : dtypeBytes[dtype])
    return contiguousLayout(this.#value('arena', size, 0), dtype, shape)
  }

  emit(
    op: Instruction['op'],
    views: readonly (Layout | undefined)[],
    attributes: readonly number[] = [],
  ): void {
    const index = this.instructions.length
    for (const view of views) {
      if (!view) continue
      if (view.value.first < 0) view.value.first = index
      view.value.last = index
    }
    this.instructions.push({ op, views, attributes })
  }

  copy(layout: Layout): Layout {
    const copy = this.allocate(layout.dtype, layout.shape)
    this.emit('copy', [copy, layout])
    return copy
  }

  dense(layout: Layout): Layout {
    const last = layout.shape.length - 1
    return last < 0 || layout.strides[last] === 1 || layout.shape[last] === 1
      ? unitLastStride(layout)
      : this.copy(layout)
  }

  /** Makes a root an output: its own value if the root is all of it, else a copy. */
  output(root: Node): void {
    const layout = this.layout(root)
    const isWhole = isContiguous(layout) && bytesOf(root, this.target) === layout.value.bytes
    // Two results must not share memory: a later run may overwrite one of them in place.
    const isTaken = this.outputs.includes(layout.value)
    const isDirect = isWhole && !isTaken && (layout.value.kind === 'arena' || layout.value.kind === 'inout')
    const value = isDirect ? layout.value : this.copy(layout).value
    if (value.kind === 'arena') {
      value.kind = 'output'
      value.location = this.outputs.length
    }
    this.outputs.push(value)
  }
}

/** Sets the last stride to 1. Kernels require that, but an axis of size 1 may have any stride. */
function unitLastStride(layout: Layout): Layout {
  if (layout.shape.length === 0) return layout
  return { ...layout, strides: [...layout.strides.slice(0, -1), 1] }
}
