import { filterKinds } from '../../graph/kinds.js'
import type { Node } from '../../graph/node.js'
import type { Window, Windows } from '../../graph/record/windows.js'
import { direct, flag, type OpRules } from './rule.js'

export const windows: OpRules<Windows> = {
  pool: {
    dtype: 'follows',
    features: false,
    lower(node, emitter, x: Node) {
      const { kind, kernel, countPadding, ceilExtra } = node.parameters
      const out = emitter.allocate(node.dtype, node.shape)
      emitter.emit(
        'pool',
        [out, emitter.dense(emitter.layout(x))],
        [
          flag(kind === 'average'),
          ...windowNumbers(kernel, node.parameters),
          flag(countPadding),
          ...ceilExtra,
        ],
      )
      return out
    },
  },
  resample: {
    dtype: 'keeps',
    features: false,
    lower: direct(({ parameters: { filter, length, offset, size, first } }) => [
      filterKinds.indexOf(filter),
      length,
      offset,
      size,
      first,
    ]),
  },
}

/** Attributes that describe the positions of windows. */
export function windowNumbers(kernel: readonly number[], { stride, padding, dilation }: Window): number[] {
  return [...kernel, ...stride, ...padding, ...dilation]
}
