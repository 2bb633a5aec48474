import type { DType } from './dtype.js'
import { type OpName, type OpParameters, typeRules } from './ops.js'
import type { Shape } from './shape.js'

/** Memory behind a leaf. The graph only needs to tell one from another. */
export interface Source {
  /** For a constant: the same text for the same content, as long as the process lives. */
  readonly key: string
  readonly disposed: boolean
}

/** Any node. `switch (node.op)` narrows its parameters. */
export type Node = NodeOf<OpName>

/** A node of one of these ops. */
export type NodeOf<O extends OpName> = { [P in O]: GraphNode<P> }[O]

/**
 * One operation of a lazy graph, or a leaf. A node never changes, save once: when it has been computed it becomes the
 * leaf `data`, and lets go of its inputs.
 */
export class GraphNode<O extends OpName> {
  readonly dtype: DType
  readonly shape: Shape
  #op: O
  #inputs: readonly Node[]
  #parameters: OpParameters[O]
  #source: Source | undefined
  #signature: string | undefined

  /** @param source of a leaf */
  constructor(op: O, inputs: readonly Node[], parameters: OpParameters[O], source?: Source) {
    const { dtype, shape } = typeRules[op](parameters, ...inputs)
    this.dtype = dtype
    // Tensors show it to users.
    this.shape = Object.freeze(shape)
    this.#op = op
    this.#inputs = inputs
    this.#parameters = parameters
    this.#source = source
  }

  get op(): O {
    return this.#op
  }

  get inputs(): readonly Node[] {
    return this.#inputs
  }

  get parameters(): OpParameters[O] {
    return this.#parameters
  }

  /** Memory of a leaf; undefined for all other nodes. */
  get source(): Source | undefined {
    return this.#source
  }

  get isConstant(): boolean {
    return this.#op === 'constant' || this.#op === 'packed'
  }

  /** Op and parameters as text. Equal for nodes that compute the same from equal inputs. */
  get signature(): string {
    this.#signature ??= `${this.#op}(${parameterText(this.#parameters)})`
    return this.#signature
  }

  /** The node with other inputs; itself if they are the same. */
  withInputs(inputs: readonly Node[]): GraphNode<O> {
    if (inputs.every((input, index) => input === this.#inputs[index])) return this
    return new GraphNode(this.#op, inputs, this.#parameters)
  }

  /** The node with other inputs, and some other parameters. */
  withParameters(inputs: readonly Node[], parameters: Partial<OpParameters[O]>): GraphNode<O> {
    return new GraphNode(this.#op, inputs, { ...this.#parameters, ...parameters })
  }

  /** Makes a computed node a leaf. */
  settle(source: Source): void {
    GraphNode.#settle(this, source)
  }

  /** Static, since the node is no longer of op O afterwards. */
  static #settle(node: GraphNode<OpName>, source: Source): void {
    node.#op = 'data'
    node.#inputs = []
    node.#parameters = { dtype: node.dtype, shape: node.shape }
    node.#source = source
    node.#signature = undefined
  }
}

type ParameterValue = number | string | boolean | readonly number[]

/** Not JSON.stringify: it writes infinities and NaN as null, and -0 as 0. Runs once for every node of every call. */
function parameterText(parameters: { readonly [name: string]: ParameterValue }): string {
  let text = ''
  for (const name in parameters) text += `${name}:${valueText(parameters[name]!)};`
  return text
}

function valueText(value: ParameterValue): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'object') return `[${value.map(valueText).join()}]`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
