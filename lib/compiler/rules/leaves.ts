import type { Leaves } from '../../graph/record/leaves.js'
import type { OpRules } from './rule.js'

export const leaves: OpRules<Leaves> = {
  data: { dtype: 'keeps', features: false, lower: (node, emitter) => emitter.bind(node) },
  constant: { dtype: 'keeps', features: false, lower: (node, emitter) => emitter.bind(node) },
  packed: { dtype: 'keeps', features: false, lower: (node, emitter) => emitter.bind(node) },
}
