/** A part of a pattern. */
export type Node =
  /** One code point of a set: a class in the syntax of JavaScript with the flag v, brackets included. */
  | { readonly type: 'set'; readonly source: string }
  | { readonly type: 'char'; readonly code: number }
  | { readonly type: 'sequence'; readonly items: readonly Node[] }
  | { readonly type: 'choice'; readonly options: readonly Node[] }
  | {
      readonly type: 'repeat'
      readonly node: Node
      readonly min: number
      readonly max: number
      readonly mode: RepeatMode
    }
  /** What was matched is not given back. */
  | { readonly type: 'atomic'; readonly node: Node }
  | { readonly type: 'look'; readonly behind: boolean; readonly negated: boolean; readonly node: Node }
  | { readonly type: 'start' }
  | { readonly type: 'end' }

export type RepeatMode = 'greedy' | 'lazy' | 'possessive'

/** The least and largest number of code points that a node matches. */
export function lengths(node: Node): readonly [number, number] {
  switch (node.type) {
    case 'set':
    case 'char':
      return [1, 1]
    case 'sequence':
      return node.items.map(lengths).reduce(([a, b], [min, max]) => [a + min, b + max], [0, 0])
    case 'choice':
      return node.options
        .map(lengths)
        .reduce(([a, b], [min, max]) => [Math.min(a, min), Math.max(b, max)], [Infinity, 0])
    case 'repeat': {
      const [min, max] = lengths(node.node)
      return [min * node.min, max === 0 ? 0 : max * node.max]
    }
    case 'atomic':
      return lengths(node.node)
    default:
      return [0, 0]
  }
}
