import type { GraphNode, Node } from '../../graph/node.js'
import type { OpName } from '../../graph/ops.js'
import type { Emitter } from '../emitter.js'
import type { Layout } from '../layout.js'
import type { InstructionName, Target } from '../target.js'

/**
 * How the pass dtype.ts chooses the data type of a node that is float32 in the user's graph, when a 16-bit type is
 * requested:
 * - product: the requested type, if the device computes the op in it; sums are float32 in any case
 * - follows: the requested type, if an operand has it and the device computes the op in it
 * - moves: the requested type, if an operand has it; every device supports that, because there is no arithmetic
 * - float32: always float32
 * - keeps: the types of the user's graph; operands are not converted
 */
export type DTypeChoice = 'product' | 'follows' | 'moves' | 'float32' | 'keeps'

/** The compiler's rules of an op. */
export interface OpRule<O extends OpName> {
  readonly dtype: DTypeChoice
  /** The first of the operands that are always float32: biases, masks, weights of norms. A residual is not. */
  readonly float32From?: number
  /** Whether the result is features. Products that read no features are the first products of a model (precision.ts). */
  readonly features: boolean
  /** Emits the instructions for a node. native/runtime/op.h documents their views and attributes. */
  lower(node: GraphNode<O>, emitter: Emitter, ...inputs: Node[]): Layout
}

/** The rules of a family of ops in lib/graph/record. */
export type OpRules<Family> = { readonly [O in keyof Family & OpName]: OpRule<O> }

/** Lowers a node to the one instruction of its name: reads all inputs and writes a new row-major value. */
export function direct<O extends InstructionName>(
  attributes: (node: GraphNode<O>, target: Target) => readonly number[] = () => [],
): OpRule<O>['lower'] {
  return (node, emitter, ...inputs) => {
    const out = emitter.allocate(node.dtype, node.shape)
    const views = [out, ...inputs.map((input) => emitter.layout(input))]
    emitter.emit(node.op, views, attributes(node, emitter.target))
    return out
  }
}

/** Fills the result of a node with one value. */
export function filled(node: Node, emitter: Emitter, value: number): Layout {
  const out = emitter.allocate(node.dtype, node.shape)
  emitter.emit('fill', [out], [value])
  return out
}

/** Layouts of optional operands: the next input for each flag that is true, undefined for the others. */
export function optional(
  emitter: Emitter,
  inputs: readonly Node[],
  ...present: readonly boolean[]
): (Layout | undefined)[] {
  let next = 0
  return present.map((is) => (is ? emitter.layout(inputs[next++]!) : undefined))
}

export const flag = (value: boolean) => (value ? 1 : 0)
