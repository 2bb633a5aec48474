import { Node, topologicalOrder } from '../graph/node.js'
import { type Shape, sameShape, sizeOf } from '../graph/shape.js'
import { expandNode, fillNode, permuteNode, reshapeNode, sliceNode } from '../graph/views.js'
import { constantNodes } from './constancy.js'
import { countUses, withAttributes, withInputs } from './rewrite.js'

/** Activations a gemm or convolution can apply to its result while it is in registers: those without a parameter. */
const epilogueActivations = new Set(
  'relu gelu geluTanh quickGelu silu sigmoid tanh relu6 hardSwish hardSigmoid mish softplus exp square'.split(
    ' ',
  ),
)

/**
 * Turns matrix products and convolutions into gemm and convolution instructions over packed weights, and moves what
 * follows them (layer scale, bias, activation, residual) into their epilogue. Patches become a gemm.
 */
export function fuse(roots: readonly Node[]): Node[] {
  const order = topologicalOrder(roots)
  const pass = new Fusion(countUses(order, roots), constantNodes(order))
  for (const node of order) pass.visit(node)
  return roots.map((root) => pass.rewritten(root))
}

/** Ops with an epilogue; depthwise has no residual in it. */
const productOps = new Set(['gemm', 'convolution', 'depthwise'])

/** Operands of gemm and convolution: input, packed weights, bias if attribute `bias`, residual if `residual`. */
const biasPlace = 2

class Fusion {
  readonly #uses: ReadonlyMap<Node, number>
  readonly #constant: ReadonlySet<Node>
  readonly #rewritten = new Map<Node, Node>()

  constructor(uses: ReadonlyMap<Node, number>, constant: ReadonlySet<Node>) {
    this.#uses = uses
    this.#constant = constant
  }

  rewritten(node: Node): Node {
    return this.#rewritten.get(node)!
  }

  visit(node: Node): void {
    this.#rewritten.set(node, node.source ? node : this.#rewrite(node))
  }

  #rewrite(node: Node): Node {
    const inputs = node.inputs.map((input) => this.rewritten(input))
    switch (node.op) {
      case 'matmul':
        return lowerMatmul(inputs[0]!, inputs[1]!, node.shape)
      case 'convolution':
        return lowerConvolution(withInputs(node, inputs))
      case 'unary':
        return this.#fuseActivation(node, inputs) ?? withInputs(node, inputs)
      case 'binary':
        return this.#fuseBinary(node, inputs) ?? withInputs(node, inputs)
      default:
        return withInputs(node, inputs)
    }
  }

  /** The product behind an input, if nothing else reads it and its result is not final: no residual was added. */
  #product(original: Node): Node | undefined {
    let product = original
    while (this.#uses.get(product) === 1 && product.op === 'reshape' && !product.source)
      product = product.inputs[0]!
    if (this.#uses.get(product) !== 1) return undefined
    let node = this.rewritten(product)
    if (node.op === 'reshape' && !node.source) node = node.inputs[0]!
    return node.source || !productOps.has(node.op) || node.attributes.residual ? undefined : node
  }

  /** The same, with no activation either. */
  #linearProduct(original: Node): Node | undefined {
    const product = this.#product(original)
    return product?.attributes.activation === 'identity' ? product : undefined
  }

  #fuseActivation(node: Node, inputs: readonly Node[]): Node | undefined {
    const kind = node.attributes.kind as string
    const product = this.#linearProduct(node.inputs[0]!)
    if (!product || !epilogueActivations.has(kind)) return undefined
    return reshapeNode(withAttributes(product, product.inputs, { activation: kind }), inputs[0]!.shape)
  }

  #fuseBinary(node: Node, inputs: readonly Node[]): Node | undefined {
    const kind = node.attributes.kind
    if (node.dtype !== 'float32' || (kind !== 'add' && kind !== 'multiply')) return undefined
    for (const side of [1, 0]) {
      const original = node.inputs[side]!
      if (!sameShape(original.shape, node.shape)) continue
      const other = node.inputs[1 - side]!
      if (kind === 'add') {
        const sum = this.#fuseAdd(original, inputs[1 - side]!, node.shape)
        if (sum) return sum
      } else if (this.#constant.has(other)) {
        const scaled = this.#fuseScale(original, inputs[1 - side]!, node.shape)
        if (scaled) return scaled
      }
    }
    return undefined
  }

  #fuseAdd(original: Node, other: Node, shape: Shape): Node | undefined {
    const product = this.#product(original)
    if (!product) return undefined
    const vector = asVector(other, product.shape[product.shape.length - 1]!)
    if (vector && product.attributes.activation === 'identity' && !product.attributes.bias) {
      const inputs = [...product.inputs, vector]
      return reshapeNode(withAttributes(product, inputs, { bias: true }), shape)
    }
    // A broadcast operand would have to be repeated in memory: an addition of its own reads it as it is.
    if (product.op === 'depthwise' || other.op === 'expand' || !sameShape(other.shape, shape))
      return undefined
    const inputs = [...product.inputs, reshapeNode(other, product.shape)]
    return reshapeNode(withAttributes(product, inputs, { residual: true }), shape)
  }

  /** Layer scale: gamma * (x W + b) = x (W gamma) + b gamma, folded once for constant weights. */
  #fuseScale(original: Node, gamma: Node, shape: Shape): Node | undefined {
    const product = this.#linearProduct(original)
    const packed = product?.inputs[1]
    if (product?.op !== 'gemm' || packed?.op !== 'pack') return undefined
    const weight = packed.inputs[0]!
    const vector = asVector(gamma, product.shape[2]!)
    if (!vector || !constantNodes(topologicalOrder([weight])).has(weight)) return undefined
    const multiply = (x: Node, y: Node) =>
      new Node('binary', 'float32', x.shape, [x, y], { kind: 'multiply' })
    const scaled = withInputs(packed, [
      multiply(weight, expandNode(reshapeNode(vector, [1, 1, vector.shape[0]!]), weight.shape)),
    ])
    const inputs = [product.inputs[0]!, scaled]
    if (product.attributes.bias) inputs.push(multiply(product.inputs[biasPlace]!, vector))
    return reshapeNode(withAttributes(product, inputs, {}), shape)
  }
}

/** The vector [n] that an operand broadcasts along the last axis, or undefined if it is something else. */
function asVector(node: Node, n: number): Node | undefined {
  let base = node
  while (base.op === 'expand' && !base.source) base = base.inputs[0]!
  if (sizeOf(base.shape) !== n || (base.shape[base.shape.length - 1] ?? 1) !== n) return undefined
  return reshapeNode(base, [n])
}

function pack(matrix: Node): Node {
  return new Node('pack', 'float32', matrix.shape, [matrix], { precision: 'float32' })
}

const plainEpilogue = { activation: 'identity', bias: false, residual: false }

function lowerMatmul(a: Node, b: Node, shape: Shape): Node {
  if (sizeOf(a.shape) === 0 || sizeOf(b.shape) === 0) return fillNode(shape, 0, 'float32', true)
  const [k, n] = b.shape.slice(-2) as [number, number]
  const m = a.shape[a.shape.length - 2]!
  const batchOfB = sizeOf(b.shape.slice(0, -2))
  if (batchOfB === 1) {
    const rows = sizeOf(a.shape.slice(0, -1))
    const product = gemm(reshapeNode(a, [1, rows, k]), pack(reshapeNode(b, [1, k, n])))
    return reshapeNode(product, shape)
  }
  const outer = shape.slice(0, -2)
  const batch = sizeOf(outer)
  const left = reshapeNode(expandNode(a, [...outer, m, k]), [batch, m, k])
  const right = reshapeNode(expandNode(b, [...outer, k, n]), [batch, k, n])
  return reshapeNode(gemm(left, pack(right)), shape)
}

function gemm(a: Node, packed: Node): Node {
  const shape = [a.shape[0]!, a.shape[1]!, packed.shape[2]!]
  return new Node('gemm', 'float32', shape, [a, packed], plainEpilogue)
}

function lowerConvolution(node: Node): Node {
  const { stride, padding, dilation, groups } = node.attributes as unknown as ConvolutionAttributes
  const [x, weight] = node.inputs as [Node, Node]
  const [outputs, inputs, kh, kw] = weight.shape as [number, number, number, number]
  const [batch, h, w, channels] = x.shape as [number, number, number, number]
  if (sizeOf(x.shape) === 0 || sizeOf(weight.shape) === 0) return fillNode(node.shape, 0, 'float32', true)
  if (groups === channels && outputs === channels && inputs === 1) {
    const taps = permuteNode(reshapeNode(weight, [channels, kh, kw]), [1, 2, 0])
    return new Node('depthwise', 'float32', node.shape, [x, taps], {
      stride,
      padding,
      dilation,
      ...plainEpilogue,
    })
  }
  const simple = groups === 1 && dilation.every((d) => d === 1) && padding.every((p) => p === 0)
  if (simple && kh === stride[0] && kw === stride[1]) {
    // Patches do not overlap: each is a row of a matrix.
    const [oh, ow] = [Math.floor(h / kh), Math.floor(w / kw)]
    const inside = sliceNode(sliceNode(x, 1, 0, oh * kh), 2, 0, ow * kw)
    const patches = permuteNode(reshapeNode(inside, [batch, oh, kh, ow, kw, channels]), [0, 1, 3, 2, 4, 5])
    const rows = reshapeNode(patches, [1, batch * oh * ow, kh * kw * channels])
    const matrix = reshapeNode(permuteNode(weight, [2, 3, 1, 0]), [1, kh * kw * channels, outputs])
    return reshapeNode(gemm(rows, pack(matrix)), node.shape)
  }
  const perGroup = outputs / groups
  const grouped = permuteNode(reshapeNode(weight, [groups, perGroup, inputs, kh, kw]), [0, 3, 4, 2, 1])
  const packed = pack(reshapeNode(grouped, [groups, kh * kw * inputs, perGroup]))
  return new Node('convolution', 'float32', node.shape, [x, packed], {
    ...{ stride, padding, dilation, groups, kernel: [kh, kw] },
    ...plainEpilogue,
  })
}

interface ConvolutionAttributes {
  stride: readonly number[]
  /** top, left; what is needed at the bottom and right follows from the output's size. */
  padding: readonly number[]
  dilation: readonly number[]
  groups: number
}
