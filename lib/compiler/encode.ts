import type { Layout, Value } from './layout.js'
import type { Lowered } from './lower.js'
import type { Target } from './target.js'

const magic = 0x5acc
const version = 1
const kinds: readonly Value['kind'][] = ['arena', 'constant', 'input', 'output', 'inout']
const absent = -1

/** Encodes a lowered and planned program. native/runtime/program.md describes the format. */
export function encode(lowered: Lowered, arenaBytes: number, target: Target): Float64Array {
  const used = lowered.values.filter((value) => value.first >= 0 || value.kind !== 'arena')
  const indices = new Map(used.map((value, index) => [value, index]))
  const code: number[] = [
    magic,
    version,
    arenaBytes,
    used.length,
    lowered.inputs.length,
    lowered.outputs.length,
  ]
  code.push(lowered.instructions.length)
  for (const value of used) code.push(kinds.indexOf(value.kind), value.location, value.bytes)
  for (const value of lowered.outputs) code.push(indices.get(value)!)
  const view = (layout: Layout | undefined) => {
    if (!layout) {
      code.push(absent)
      return
    }
    code.push(indices.get(layout.value)!, target.dtype(layout.dtype), layout.offset)
    code.push(layout.shape.length, ...layout.shape, ...layout.strides)
  }
  for (const { op, views, attributes } of lowered.instructions) {
    code.push(target.op(op), views.length)
    views.forEach(view)
    code.push(attributes.length, ...attributes)
  }
  return Float64Array.from(code)
}
