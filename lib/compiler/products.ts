import { GraphNode, type Node, type NodeOf } from '../graph/node.js'
import type { OpName, OpParameters } from '../graph/ops.js'
import type { Epilogue } from '../graph/record/products.js'
import { type Shape, sizeOf, sizesOf } from '../graph/shape.js'
import { expandNode, fillNode, permuteNode, reshapeNode, sliceNode } from '../graph/views.js'

/** Ops with an epilogue. */
export type EpilogueOp = { [O in OpName]: OpParameters[O] extends Epilogue ? O : never }[OpName]

export function hasEpilogue(node: Node): node is NodeOf<EpilogueOp> {
  return 'activation' in node.parameters
}

const plainEpilogue = { activation: 'identity', bias: false, residual: false } as const

/** The gemm that computes a @ b. `shape` is that of the result and may have several leading axes. */
export function productOfMatmul(a: Node, b: Node, shape: Shape): Node {
  if (sizeOf(a.shape) === 0 || sizeOf(b.shape) === 0) return fillNode(shape, 0, 'float32', true)
  const [m, k, n] = [a.shape.at(-2)!, b.shape.at(-2)!, b.shape.at(-1)!]
  if (sizeOf(b.shape.slice(0, -2)) === 1) {
    const rows = sizeOf(a.shape.slice(0, -1))
    const product = gemm(reshapeNode(a, [1, rows, k]), reshapeNode(b, [1, k, n]))
    return reshapeNode(product, shape)
  }
  const outer = shape.slice(0, -2)
  const batch = sizeOf(outer)
  const left = reshapeNode(expandNode(a, [...outer, m, k]), [batch, m, k])
  const right = reshapeNode(expandNode(b, [...outer, k, n]), [batch, k, n])
  return reshapeNode(gemm(left, right), shape)
}

function gemm(a: Node, b: Node): Node {
  return new GraphNode('gemm', [a, pack(b)], plainEpilogue)
}

function pack(matrix: Node): Node {
  return new GraphNode('pack', [matrix], { precision: 'float32' })
}

/** The fastest way to compute a convolution: as a depthwise convolution, a gemm over patches, or a convolution. */
export function productOfConvolution(x: Node, weight: Node, node: NodeOf<'conv2d'>): Node {
  const { groups, ...window } = node.parameters
  const { stride, padding, dilation, outputSize } = window
  const [outputs, inputs, kh, kw] = sizesOf(weight.shape, 4)
  const channels = sizesOf(x.shape, 4)[3]
  if (sizeOf(x.shape) === 0 || sizeOf(weight.shape) === 0) return fillNode(node.shape, 0, 'float32', true)
  if (groups === channels && outputs === channels && inputs === 1) {
    const taps = permuteNode(reshapeNode(weight, [channels, kh, kw]), [1, 2, 0])
    return new GraphNode('depthwise', [x, taps], { ...window, ...plainEpilogue })
  }
  const [, height, width] = sizesOf(x.shape, 4)
  const inside = outputSize[0] * kh <= height && outputSize[1] * kw <= width
  const simple = groups === 1 && inside && dilation.every((d) => d === 1) && padding.every((p) => p === 0)
  if (simple && kh === stride[0] && kw === stride[1])
    return reshapeNode(productOfPatches(x, weight), node.shape)
  const perGroup = outputs / groups
  const grouped = permuteNode(reshapeNode(weight, [groups, perGroup, inputs, kh, kw]), [0, 3, 4, 2, 1])
  const packed = pack(reshapeNode(grouped, [groups, kh * kw * inputs, perGroup]))
  const kernel = [kh, kw] as const
  return new GraphNode('convolution', [x, packed], { ...window, kernel, groups, ...plainEpilogue })
}

/** Convolution over patches that do not overlap, as a gemm: each patch is a row of a matrix. */
function productOfPatches(x: Node, weight: Node): Node {
  const [batch, h, w, channels] = sizesOf(x.shape, 4)
  const [outputs, , kh, kw] = sizesOf(weight.shape, 4)
  const [oh, ow] = [Math.floor(h / kh), Math.floor(w / kw)]
  const inside = sliceNode(sliceNode(x, 1, 0, oh * kh), 2, 0, ow * kw)
  const patches = permuteNode(reshapeNode(inside, [batch, oh, kh, ow, kw, channels]), [0, 1, 3, 2, 4, 5])
  const rows = reshapeNode(patches, [1, batch * oh * ow, kh * kw * channels])
  const matrix = reshapeNode(permuteNode(weight, [2, 3, 1, 0]), [1, kh * kw * channels, outputs])
  return gemm(rows, matrix)
}
