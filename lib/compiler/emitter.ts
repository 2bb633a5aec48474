import type { Node, NodeOf } from '../graph/node.js'
import type { Leaves } from '../graph/record/leaves.js'
import type { Shape } from '../graph/shape.js'
import type { Layout } from './layout.js'
import type { InstructionName, Target, ViewDType } from './target.js'

/** One native instruction; view 0 is written. */
export interface Instruction {
  readonly op: InstructionName
  readonly views: readonly (Layout | undefined)[]
  readonly attributes: readonly number[]
}

/** What the rules that lower nodes may do. */
export interface Emitter {
  readonly target: Target
  /** Of a node lowered before. */
  layout(node: Node): Layout
  /** A leaf, to be bound. */
  bind(leaf: NodeOf<keyof Leaves>): Layout
  /** A new arena value, laid out row-major. */
  allocate(dtype: ViewDType, shape: Shape): Layout
  emit(op: InstructionName, views: readonly (Layout | undefined)[], attributes?: readonly number[]): void
  /** A row-major copy. */
  copy(layout: Layout): Layout
  /** The layout itself if its last axis is dense, else a row-major copy. */
  dense(layout: Layout): Layout
}
