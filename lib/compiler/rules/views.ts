import type { GraphNode, Node } from '../../graph/node.js'
import type { Views } from '../../graph/record/views.js'
import type { Emitter } from '../emitter.js'
import { type Layout, viewLayout } from '../layout.js'
import type { OpRules } from './rule.js'

export const views: OpRules<Views> = {
  reshape: { dtype: 'moves', features: false, lower: view },
  permute: { dtype: 'moves', features: false, lower: view },
  expand: { dtype: 'moves', features: false, lower: view },
  slice: { dtype: 'moves', features: false, lower: view },
}

function view<O extends keyof Views>(node: GraphNode<O>, emitter: Emitter, x: Node): Layout {
  const layout = emitter.layout(x)
  return viewLayout(node, layout) ?? viewLayout(node, emitter.copy(layout))!
}
