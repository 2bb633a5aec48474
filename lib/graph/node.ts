import type { DType } from './dtype.js'
import { type OpName, type OpParameters, typeRules } from './ops.js'
import type { Shape } from './shape.js'

/** Memory of a leaf. The graph only needs to compare its identity. */
export interface Source {
  /** For constants, equal keys mean equal content for the lifetime of the process. */
  readonly key: string
  readonly disposed: boolean
}

/** Any node. `switch (node.op)` narrows its parameters. */
export type Node = NodeOf<OpName>

/** A node of one of these ops. */
export type NodeOf<O extends OpName> = { [P in O]: GraphNode<P> }[O]

/**
 * One operation of a lazy graph, or a leaf. A node is immutable with one exception: once computed, it becomes the leaf
 * `data` and releases its inputs.
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
    // Frozen, because Tensor.shape returns it to users.
    this.shape = Object.freeze(shape)
    this.#op = op
    this.#inputs = inputs
    this.#parameters = parameters
    this.#source = source
  }

  /** By brand: instanceof would ask the prototype of a proxy, which can throw. */
  static [Symbol.hasInstance](value: unknown): value is GraphNode<OpName> {
    return typeof value === 'object' && value !== null && #op in value
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

  /** Op and parameters as text: equal for nodes that compute the same function of their inputs. */
  get signature(): string {
    this.#signature ??= `${this.#op}(${parameterText(this.#parameters)})`
    return this.#signature
  }

  /** A copy of the node with other inputs; the node itself if they are the same. */
  withInputs(inputs: readonly Node[]): GraphNode<O> {
    if (inputs.every((input, index) => input === this.#inputs[index])) return this
    return new GraphNode(this.#op, inputs, this.#parameters)
  }

  /** A copy of the node with other inputs and some changed parameters. */
  withParameters(inputs: readonly Node[], parameters: Partial<OpParameters[O]>): GraphNode<O> {
    return new GraphNode(this.#op, inputs, { ...this.#parameters, ...parameters })
  }

  /** Turns a computed node into a leaf with the memory of its result. */
  settle(source: Source): void {
    GraphNode.#settle(this, source)
  }

  /** Static, because the node's op is not O afterwards. */
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
