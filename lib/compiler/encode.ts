import type { Layout, Value } from './layout.js'
import type { Lowered } from './lower.js'
import type { Target } from './target.js'

const magic = 0x5acc
const version = 1
const kinds: readonly Value['kind'][] = ['arena', 'constant', 'input', 'output', 'inout']
const absent = -1

/** Writes a lowered and planned program as native/runtime/program.md describes it. */
export function encode(lowered: Lowered, arenaBytes: number, target: Target): Float64Array {
  const used = lowered.values.filter((value) => value.first >= 0 || value.kind !== 'arena')
  const index = new Map(used.map((value, place) => [value, place]))
  const code: number[] = [
    magic,
    version,
    arenaBytes,
    used.length,
    lowered.inputs.length,
    lowered.outputs.length,
  ]
  code.push(lowered.instructions.length)
  for (const value of used) code.push(kinds.indexOf(value.kind), value.place, value.bytes)
  for (const value of lowered.outputs) code.push(index.get(value)!)
  const view = (layout: Layout | undefined) => {
    if (!layout) {
      code.push(absent)
      return
    }
    code.push(index.get(layout.value)!, target.dtype(layout.dtype), layout.offset)
    code.push(layout.shape.length, ...layout.shape, ...layout.strides)
  }
  for (const { op, views, attributes } of lowered.instructions) {
    code.push(target.op(op), views.length)
    views.forEach(view)
    code.push(attributes.length, ...attributes)
  }
  return Float64Array.from(code)
}
