import { SaccadeError } from '../../errors.js'
import type { GraphNode, Node } from '../../graph/node.js'
import type { Products } from '../../graph/record/products.js'
import { sizesOf } from '../../graph/shape.js'
import type { Emitter } from '../emitter.js'
import type { Layout } from '../layout.js'
import { bytesOf, weightPrecision } from '../packing.js'
import { type OpRules, optional } from './rule.js'
import { windowNumbers } from './windows.js'

export const products: OpRules<Products> = {
  matmul: { dtype: 'product', features: true, lower: notFused },
  conv2d: { dtype: 'product', features: true, lower: notFused },

  pack: {
    dtype: 'keeps',
    features: false,
    lower(node, emitter, matrix: Node) {
      const { target } = emitter
      const out = emitter.allocate('packed', [bytesOf(node, target)])
      emitter.emit('pack', [out, emitter.layout(matrix)], [target.precision(node.parameters.precision)])
      return out
    },
  },

  quantize: {
    dtype: 'keeps',
    features: false,
    lower(node, emitter, rows: Node) {
      const [batch, m, k] = sizesOf(node.shape, 3)
      const out = emitter.allocate('uint8', [batch, m, emitter.target.quantizedRowBytes(k)])
      emitter.emit('quantize', [out, emitter.layout(rows)])
      return out
    },
  },

  gemm: {
    dtype: 'product',
    float32From: 1,
    features: true,
    lower(node, emitter, a: Node, weight: Node, ...rest: Node[]) {
      const { target } = emitter
      const [batches, k, n] = sizesOf(weight.shape, 3)
      const out = emitter.allocate(node.dtype, node.shape)
      const scale = 1
      emitter.emit(
        'gemm',
        [out, emitter.layout(a), emitter.layout(weight), ...epilogue(node, emitter, rest)],
        [
          ...[k, n, batches, target.unary(node.parameters.activation)],
          ...[target.precision(weightPrecision(weight)), scale],
        ],
      )
      return out
    },
  },

  convolution: {
    dtype: 'product',
    float32From: 1,
    features: true,
    lower(node, emitter, x: Node, weight: Node, ...rest: Node[]) {
      const { target } = emitter
      const { kernel, groups, activation } = node.parameters
      const out = emitter.allocate(node.dtype, node.shape)
      emitter.emit(
        'convolution',
        [
          ...[out, emitter.dense(emitter.layout(x)), emitter.layout(weight)],
          ...epilogue(node, emitter, rest),
        ],
        [
          ...windowNumbers(kernel, node.parameters),
          groups,
          target.unary(activation),
          target.precision(weightPrecision(weight)),
        ],
      )
      return out
    },
  },

  depthwise: {
    dtype: 'product',
    float32From: 1,
    features: true,
    lower(node, emitter, x: Node, weight: Node, ...rest: Node[]) {
      const { activation, bias } = node.parameters
      const [kh, kw] = sizesOf(weight.shape, 3)
      const out = emitter.allocate(node.dtype, node.shape)
      const operands = [x, weight].map((input) => emitter.dense(emitter.layout(input)))
      const [vector] = optional(emitter, rest, bias)
      emitter.emit(
        'depthwise',
        [out, ...operands, vector && emitter.dense(vector)],
        [...windowNumbers([kh, kw], node.parameters), emitter.target.unary(activation)],
      )
      return out
    },
  },
}

/** Bias and residual. */
function epilogue(
  { parameters: { bias, residual } }: GraphNode<'gemm' | 'convolution'>,
  emitter: Emitter,
  rest: readonly Node[],
): (Layout | undefined)[] {
  return optional(emitter, rest, bias, residual).map((layout) => layout && emitter.dense(layout))
}

function notFused(node: Node): never {
  throw new SaccadeError('INTERNAL', `the pass fuse left a ${node.op}, which no instruction computes`)
}
