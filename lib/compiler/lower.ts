import { dtypeBytes } from '../graph/dtype.js'
import { type Node, type Source, topologicalOrder } from '../graph/node.js'
import { type Shape, sizeOf } from '../graph/shape.js'
import { viewOps } from '../graph/views.js'
import { instructionsOf } from './instructions.js'
import { contiguousLayout, isContiguous, type Layout, type Value, viewLayout } from './layout.js'
import type { Precision, Target } from './target.js'

/** One native instruction; view 0 is written. */
export interface Instruction {
  readonly op: string
  readonly views: readonly (Layout | undefined)[]
  readonly attributes: readonly number[]
}

/** A graph as a flat list of instructions over values whose memory is not planned yet. */
export interface Lowered {
  readonly instructions: readonly Instruction[]
  readonly values: readonly Value[]
  /** Leaves to bind: constants once, inputs at every run. */
  readonly constants: readonly Source[]
  readonly inputs: readonly Node[]
  /** Those of the inputs that the program writes over. */
  readonly written: readonly Node[]
  /** Of each root, in order. */
  readonly outputs: readonly Value[]
}

/** Bytes of a node's elements; packed matrices have a layout of their own. */
export function bytesOf(node: Node, target: Target): number {
  const precision = node.attributes.precision as Precision | undefined
  if (precision === undefined) return sizeOf(node.shape) * dtypeBytes[node.dtype]
  const [batch, k, n] = node.shape as [number, number, number]
  return target.packedBytes(batch, k, n, precision)
}

/** Lowers fused and folded roots. Each root becomes one output, in order; roots must be distinct. */
export function lower(roots: readonly Node[], target: Target): Lowered {
  const lowering = new Lowering(target)
  for (const node of topologicalOrder(roots)) lowering.visit(node)
  for (const root of roots) lowering.output(root)
  return lowering
}

/** What the rules in instructions.ts may do. */
export interface Emitter {
  readonly target: Target
  layout(node: Node): Layout
  /** A new arena value, laid out row-major. */
  allocate(dtype: Layout['dtype'], shape: Shape): Layout
  emit(op: string, views: readonly (Layout | undefined)[], attributes?: readonly number[]): void
  /** The layout itself if its last axis is dense, else a row-major copy. */
  dense(layout: Layout): Layout
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
    this.#layouts.set(node, this.#lower(node))
  }

  #lower(node: Node): Layout {
    if (node.source) return this.#leaf(node, node.source)
    if (sizeOf(node.shape) === 0) return this.allocate(node.dtype, node.shape)
    if (viewOps.has(node.op)) {
      const input = this.layout(node.inputs[0]!)
      return viewLayout(node, input) ?? viewLayout(node, this.#copy(input))!
    }
    return instructionsOf(node, this)
  }

  #leaf(node: Node, source: Source): Layout {
    const packed = node.attributes.precision !== undefined
    const bytes = bytesOf(node, this.target)
    const kind = node.isConstant ? 'constant' : 'input'
    const place = node.isConstant ? this.constants.push(source) - 1 : this.inputs.push(node) - 1
    const value = this.#value(kind, bytes, place)
    return packed
      ? contiguousLayout(value, 'packed', [bytes])
      : contiguousLayout(value, node.dtype, node.shape)
  }

  #value(kind: Value['kind'], bytes: number, place: number): Value {
    const value = { kind, bytes, place, first: -1, last: -1 }
    this.values.push(value)
    return value
  }

  allocate(dtype: Layout['dtype'], shape: Shape): Layout {
    const size = sizeOf(shape) * (dtype === 'packed' ? 1 : dtypeBytes[dtype])
    return contiguousLayout(this.#value('arena', size, 0), dtype, shape)
  }

  emit(op: string, views: readonly (Layout | undefined)[], attributes: readonly number[] = []): void {
    const index = this.instructions.length
    for (const view of views) {
      if (!view) continue
      if (view.value.first < 0) view.value.first = index
      view.value.last = index
    }
    this.instructions.push({ op, views, attributes })
  }

  dense(layout: Layout): Layout {
    const last = layout.shape.length - 1
    return last < 0 || layout.strides[last] === 1 || layout.shape[last] === 1
      ? unitLastStride(layout)
      : this.#copy(layout)
  }

  #copy(layout: Layout): Layout {
    const copy = this.allocate(layout.dtype, layout.shape)
    this.emit('copy', [copy, layout])
    return copy
  }

  /** Makes a root an output: in place where it is a whole value of the arena, else by a copy. */
  output(root: Node): void {
    const layout = this.layout(root)
    const whole = isContiguous(layout) && bytesOf(root, this.target) === layout.value.bytes
    // Two results must not share memory that a later run may write over.
    const taken = this.outputs.includes(layout.value)
    const direct = whole && !taken && (layout.value.kind === 'arena' || layout.value.kind === 'inout')
    const value = direct ? layout.value : this.#copy(layout).value
    if (value.kind === 'arena') {
      value.kind = 'output'
      value.place = this.outputs.length
    }
    this.outputs.push(value)
  }
}

/** An axis of size 1 may have any stride; kernels ask for 1 on the last. */
function unitLastStride(layout: Layout): Layout {
  if (layout.shape.length === 0) return layout
  return { ...layout, strides: [...layout.strides.slice(0, -1), 1] }
}
