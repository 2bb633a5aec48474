import type { GraphNode } from '../graph/node.js'
import type { OpName, OpParameters } from '../graph/ops.js'
import type { Emitter } from './emitter.js'
import type { Layout } from './layout.js'
import { attention } from './rules/attention.js'
import { elementwise } from './rules/elementwise.js'
import { leaves } from './rules/leaves.js'
import { moves } from './rules/moves.js'
import { products } from './rules/products.js'
import { rows } from './rules/rows.js'
import type { OpRules } from './rules/rule.js'
import { views } from './rules/views.js'
import { windows } from './rules/windows.js'

/** The compiler's rules of all ops. */
export const opRules: OpRules<OpParameters> = {
  ...leaves,
  ...views,
  ...elementwise,
  ...rows,
  ...moves,
  ...windows,
  ...attention,
  ...products,
}

export function lowerNode<O extends OpName>(node: GraphNode<O>, emitter: Emitter): Layout {
  return opRules[node.op].lower(node, emitter, ...node.inputs)
}
