import type { Node } from '../../graph/node.js'
import type { Moves } from '../../graph/record/moves.js'
import { sizeOf } from '../../graph/shape.js'
import type { Layout } from '../layout.js'
import { direct, filled, type OpRules } from './rule.js'

export const moves: OpRules<Moves> = {
  gather: { dtype: 'moves', features: true, lower: direct() },

  update: {
    dtype: 'float32',
    features: false,
    /** Writes into the memory of its first input. checkUpdates (updates.ts) checks that this is safe. */
    lower(_node, emitter, cache: Node, values: Node, at: Node) {
      const out = emitter.layout(cache)
      if (out.value.kind === 'input') out.value.kind = 'inout'
      emitter.emit('update', [out, emitter.layout(values), emitter.layout(at)])
      return out
    },
  },

  concat: {
    dtype: 'moves',
    features: false,
    lower(node, emitter, ...inputs: Node[]) {
      const { axis } = node.parameters
      const out = emitter.allocate(node.dtype, node.shape)
      let start = 0
      for (const input of inputs) {
        const size = input.shape[axis]!
        if (sizeOf(input.shape) > 0)
          emitter.emit('copy', [part(out, axis, start, size), emitter.layout(input)])
        start += size
      }
      return out
    },
  },

  pad: {
    dtype: 'moves',
    features: false,
    lower(node, emitter, x: Node) {
      const { before, value } = node.parameters
      const out = filled(node, emitter, value)
      const inside = before.reduce((layout, start, axis) => part(layout, axis, start, x.shape[axis]!), out)
      emitter.emit('copy', [inside, emitter.layout(x)])
      return out
    },
  },
}

/** The layout of `size` elements along an axis. */
function part(layout: Layout, axis: number, start: number, size: number): Layout {
  const offset = layout.offset + start * layout.strides[axis]!
  return { ...layout, offset, shape: layout.shape.with(axis, size) }
}
