import type { Node } from '../../graph/node.js'
import type { Rows } from '../../graph/record/rows.js'
import { sizeOf } from '../../graph/shape.js'
import { direct, filled, flag, type OpRules, optional } from './rule.js'

export const rows: OpRules<Rows> = {
  reduce: {
    dtype: 'follows',
    features: false,
    lower(node, emitter, x: Node) {
      // The sum of no elements is 0. lib/ops rejects empty input for the other kinds.
      return sizeOf(x.shape) === 0 ? filled(node, emitter, 0) : reduce(node, emitter, x)
    },
  },
  topK: { dtype: 'float32', features: false, lower: direct() },
  softmax: {
    dtype: 'float32',
    features: false,
    lower: direct(({ parameters }) => [flag(parameters.logarithm)]),
  },
  norm: {
    dtype: 'follows',
    float32From: 1,
    features: true,
    lower(node, emitter, x: Node, ...vectors: Node[]) {
      const { mode, epsilon, weight, bias } = node.parameters
      const out = emitter.allocate(node.dtype, node.shape)
      const operands = optional(emitter, vectors, weight, bias)
      emitter.emit('norm', [out, emitter.layout(x), ...operands], [flag(mode === 'rms'), epsilon])
      return out
    },
  },
}

const reduce = direct<'reduce'>(({ parameters }, target) => [target.reduce(parameters.kind), parameters.axes])
