import type { Node, NodeOf } from '../graph/node.js'
import type { LeafName } from '../graph/record/leaves.js'
import type { Shape } from '../graph/shape.js'
import type { Layout } from './layout.js'
import type { InstructionName, Target, ViewDType } from './target.js'

/** One native instruction; view 0 is written. */
export interface Instruction {
  readonly op: InstructionName
  readonly views: readonly (Layout | undefined)[]
  readonly attributes: readonly number[]
}

/** What rules use to emit instructions. */
export interface Emitter {
  readonly target: Target
  /** The layout of a node that has been lowered. */
  layout(node: Node): Layout
  /** Binds the memory of a leaf. */
  bind(leaf: NodeOf<LeafName>): Layout
  /** A new row-major value in the arena. */
  allocate(dtype: ViewDType, shape: Shape): Layout
  emit(op: InstructionName, views: readonly (Layout | undefined)[], attributes?: readonly number[]): void
  /** A row-major copy. */
  copy(layout: Layout): Layout
  /** The layout itself if its last axis is dense, else a row-major copy. */
  dense(layout: Layout): Layout
}
