import type { GraphNode, Node } from '../../graph/node.js'
import type { OpName } from '../../graph/ops.js'
import type { Emitter } from '../emitter.js'
import type { Layout } from '../layout.js'
import type { InstructionName, Target } from '../target.js'

/**
 * What decides the data type of a node's arithmetic, where the user's graph says float32 and another is asked for:
 * - product: the asked type, if the device computes the op in it. Sums are float32 all the same
 * - follows: the type of what it reads, if the device computes the op in it
 * - moves: the type of what it reads; there is no arithmetic
 * - float32: no other would do, or nothing would be gained
 * - keeps: the op says by itself what its types are
 */
export type DTypeChoice = 'product' | 'follows' | 'moves' | 'float32' | 'keeps'

/** What the compiler knows of an op. */
export interface OpRule<O extends OpName> {
  readonly dtype: DTypeChoice
  /** From which operand on they stay float32 in any case, a residual excepted: biases, masks, weights of norms. */
  readonly float32From?: number
  /** Whether the op makes features of data. A product that reads no features is a first one (weights.ts). */
  readonly features: boolean
  /** Emits the native instructions for a node (their views and attributes: native/runtime/kernel.h). */
  lower(node: GraphNode<O>, emitter: Emitter, ...inputs: Node[]): Layout
}

/** The rules of a family of the record. */
export type OpRules<Family> = { readonly [O in keyof Family & OpName]: OpRule<O> }

/** One instruction of the node's name over all its inputs, into a new row-major value. */
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

/** One value everywhere, as the result of a node. */
export function filled(node: Node, emitter: Emitter, value: number): Layout {
  const out = emitter.allocate(node.dtype, node.shape)
  emitter.emit('fill', [out], [value])
  return out
}

/** Layouts of operands that may be absent: for each flag that is set the next of the inputs, undefined for the others. */
export function optional(
  emitter: Emitter,
  inputs: readonly Node[],
  ...present: readonly boolean[]
): (Layout | undefined)[] {
  let next = 0
  return present.map((is) => (is ? emitter.layout(inputs[next++]!) : undefined))
}

export const flag = (value: boolean) => (value ? 1 : 0)
