import { SaccadeError } from '../errors.js'
import { dtypeBytes } from '../graph/dtype.js'
import type { Precision } from '../graph/kinds.js'
import type { Node } from '../graph/node.js'
import { sizeOf, sizesOf } from '../graph/shape.js'
import type { Target } from './target.js'

/** The precision of packed weights; undefined for other nodes. */
export function packedPrecision(node: Node): Precision | undefined {
  return node.op === 'pack' || node.op === 'packed' ? node.parameters.precision : undefined
}

/** The precision of the weights of a product. @throws INTERNAL if they are not packed */
export function weightPrecision(weight: Node): Precision {
  const precision = packedPrecision(weight)
  if (precision === undefined) throw notPacked(weight)
  return precision
}

/** The op `pack` with another precision. @throws INTERNAL for another op */
export function packedAs(weight: Node, precision: Precision): Node {
  if (weight.op !== 'pack') throw notPacked(weight)
  return weight.withParameters(weight.inputs, { precision })
}

function notPacked(weight: Node): SaccadeError {
  return new SaccadeError(
    'INTERNAL',
    `the weights of a product are not packed: they come from the op '${weight.op}'`,
  )
}

/** Bytes of a node's elements. The target knows the size of packed matrices. */
export function bytesOf(node: Node, target: Target): number {
  const precision = packedPrecision(node)
  if (precision === undefined) return sizeOf(node.shape) * dtypeBytes[node.dtype]
  const [batch, k, n] = sizesOf(node.shape, 3)
  return target.packedBytes(batch, k, n, precision)
}
