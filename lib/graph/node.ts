import type { DType } from './dtype.js'
import type { Shape } from './shape.js'

export type AttributeValue = number | string | boolean | readonly number[]
export type Attributes = Readonly<Record<string, AttributeValue>>

/** Memory behind a leaf. The graph only needs to tell one from another. */
export interface Source {
  /** For a constant: the same text for the same content, as long as the process lives. */
  readonly key: string
  readonly disposed: boolean
}

const noAttributes: Attributes = Object.freeze({})

/**
 * One operation of a lazy graph, or a leaf. A node never changes, save once: when it has been computed it gains a
 * `source`, lets go of its inputs, and is a leaf from then on.
 *
 * Leaves are `constant` (weights: part of a program, folded once) and `data` (bound at every run).
 */
export class Node {
  readonly op: string
  readonly dtype: DType
  readonly shape: Shape
  readonly attributes: Attributes
  #inputs: readonly Node[]
  #source: Source | undefined
  #signature: string | undefined

  constructor(
    op: string,
    dtype: DType,
    shape: Shape,
    inputs: readonly Node[],
    attributes: Attributes = noAttributes,
    source?: Source,
  ) {
    this.op = op
    this.dtype = dtype
    // Tensors show it to users.
    this.shape = Object.freeze(shape)
    this.attributes = attributes
    this.#inputs = inputs
    this.#source = source
  }

  get inputs(): readonly Node[] {
    return this.#inputs
  }

  get source(): Source | undefined {
    return this.#source
  }

  get isConstant(): boolean {
    return this.op === 'constant'
  }

  /** Op, attributes, type and shape as text: what two nodes of equal structure have in common beside their inputs. */
  get signature(): string {
    this.#signature ??= `${this.op}${attributeText(this.attributes)}${this.dtype}[${this.shape.join()}]`
    return this.#signature
  }

  /** Makes a computed node a leaf. */
  settle(source: Source): void {
    this.#source = source
    this.#inputs = []
  }
}

/** By hand, as JSON would write infinities and NaN as null, and -0 as 0; and because every node of a run comes by. */
function attributeText(attributes: Attributes): string {
  let text = '('
  for (const name in attributes) text += `${name}:${valueText(attributes[name]!)};`
  return `${text})`
}

function valueText(value: AttributeValue): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'object') return `[${value.map(valueText).join()}]`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** Nodes that `roots` need, each after its inputs. Iterative: graphs may be deeper than the call stack. */
export function topologicalOrder(roots: readonly Node[]): Node[] {
  const order: Node[] = []
  const seen = new Set<Node>()
  const stack: { node: Node; next: number }[] = []
  for (const root of roots) {
    if (seen.has(root)) continue
    seen.add(root)
    stack.push({ node: root, next: 0 })
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!
      const input = frame.node.source ? undefined : frame.node.inputs[frame.next]
      if (input === undefined) {
        order.push(frame.node)
        stack.pop()
        continue
      }
      frame.next++
      if (!seen.has(input)) {
        seen.add(input)
        stack.push({ node: input, next: 0 })
      }
    }
  }
  return order
}

/** Text that is equal for graphs of equal structure: constants by content, data by type and shape. */
export function structureKey(order: readonly Node[], roots: readonly Node[]): string {
  const place = new Map(order.map((node, index) => [node, index]))
  const parts = order.map((node) => {
    if (node.isConstant) return `${node.signature}=${node.source!.key}`
    if (node.source) return `data${node.dtype}[${node.shape.join()}]`
    return `${node.signature}(${node.inputs.map((input) => place.get(input)).join()})`
  })
  return `${parts.join(';')}>${roots.map((root) => place.get(root)).join()}`
}
