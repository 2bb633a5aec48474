import type { Node } from '../graph/node.js'
import { sizeOf } from '../graph/shape.js'
import type { Layout } from './layout.js'
import type { Emitter } from './lower.js'

/** How each op of a graph becomes native instructions (see native/runtime/op.h for their views and attributes). */
type Rule = (node: Node, emitter: Emitter) => Layout

export function instructionsOf(node: Node, emitter: Emitter): Layout {
  const rule = rules[node.op]
  if (!rule) throw new Error(`no rule lowers the op '${node.op}'`)
  return rule(node, emitter)
}

const numbers = (value: unknown) => value as readonly number[]
const number = (value: unknown) => value as number
const flag = (value: unknown) => (value ? 1 : 0)

/** One instruction of the same name over all inputs, into a new row-major value. */
function direct(attributes: (node: Node, emitter: Emitter) => readonly number[] = () => []): Rule {
  return (node, emitter) => {
    const out = emitter.allocate(node.dtype, node.shape)
    emitter.emit(
      node.op,
      [out, ...node.inputs.map((input) => emitter.layout(input))],
      attributes(node, emitter),
    )
    return out
  }
}

/** Zeros: what sums of nothing are. */
function zeros(node: Node, emitter: Emitter): Layout {
  const out = emitter.allocate(node.dtype, node.shape)
  emitter.emit('fill', [out], [0])
  return out
}

/** The part of a layout between two places on an axis. */
function part(layout: Layout, axis: number, start: number, size: number): Layout {
  return {
    ...layout,
    offset: layout.offset + start * layout.strides[axis]!,
    shape: layout.shape.map((dim, index) => (index === axis ? size : dim)),
  }
}

/** Optional operands: an input for each name the node's attributes say is there, after the first `required`. */
function optional(
  node: Node,
  emitter: Emitter,
  required: number,
  names: readonly string[],
): (Layout | undefined)[] {
  let next = required
  return names.map((name) => (node.attributes[name] ? emitter.layout(node.inputs[next++]!) : undefined))
}

const convolutionGeometry = (node: Node, kernel: readonly number[]) => [
  ...kernel,
  ...numbers(node.attributes.stride),
  ...numbers(node.attributes.padding),
  ...numbers(node.attributes.dilation),
]

const rules: Record<string, Rule> = {
  copy: direct(),
  fill: direct((node) => [number(node.attributes.value)]),
  unary: direct((node, { target }) => [
    target.unary(node.attributes.kind as string),
    number(node.attributes.parameter ?? 0),
  ]),
  binary: direct((node, { target }) => [target.binary(node.attributes.kind as string)]),
  where: direct(),
  softmax: direct((node) => [flag(node.attributes.logarithm)]),
  gather: direct(),
  quantize: direct(),
  resample: direct((node) => [
    number(node.attributes.filter),
    number(node.attributes.start),
    number(node.attributes.end),
  ]),

  reduce(node, emitter) {
    if (sizeOf(node.inputs[0]!.shape) === 0) return zeros(node, emitter)
    const kind = emitter.target.reduce(node.attributes.kind as string)
    return direct(() => [kind, number(node.attributes.axes)])(node, emitter)
  },

  norm(node, emitter) {
    const out = emitter.allocate(node.dtype, node.shape)
    const operands = optional(node, emitter, 1, ['weight', 'bias'])
    const mode = node.attributes.mode === 'rms' ? 1 : 0
    emitter.emit(
      'norm',
      [out, emitter.layout(node.inputs[0]!), ...operands],
      [mode, number(node.attributes.epsilon)],
    )
    return out
  },

  pack(node, emitter) {
    const [batch, k, n] = node.shape as [number, number, number]
    const precision = node.attributes.precision as Parameters<typeof emitter.target.packedBytes>[3]
    const out = emitter.allocate('packed', [emitter.target.packedBytes(batch, k, n, precision)])
    emitter.emit('pack', [out, emitter.layout(node.inputs[0]!)], [emitter.target.precision(precision)])
    return out
  },

  gemm(node, emitter) {
    const [a, b] = node.inputs as [Node, Node]
    const [batches, k, n] = b.shape as [number, number, number]
    const [bias, residual] = optional(node, emitter, 2, ['bias', 'residual'])
    const out = emitter.allocate(node.dtype, node.shape)
    emitter.emit(
      'gemm',
      [
        out,
        emitter.layout(a),
        emitter.layout(b),
        bias && emitter.dense(bias),
        residual && emitter.dense(residual),
      ],
      [
        ...[k, n, batches, emitter.target.unary(node.attributes.activation as string)],
        ...[emitter.target.precision(b.attributes.precision as string), 1],
      ],
    )
    return out
  },

  /** Written as [B, Nq, H, D], so that the heads of a row lie side by side for the projection that follows. */
  attention(node, emitter) {
    if (sizeOf(node.inputs[1]!.shape) === 0) return zeros(node, emitter)
    const [batch, heads, queries, width] = node.shape as [number, number, number, number]
    const out = transposed(emitter.allocate(node.dtype, [batch, queries, heads, width]))
    const [q, k, v] = node.inputs.slice(0, 3).map((input) => emitter.dense(emitter.layout(input)))
    const operands = optional(node, emitter, 3, ['mask', 'keyLength'])
    const { scale, causal, window } = node.attributes
    emitter.emit('attention', [out, q, k, v, ...operands], [number(scale), flag(causal), number(window)])
    return out
  },

  attentionWeights(node, emitter) {
    const out = emitter.allocate(node.dtype, node.shape)
    const [q, k] = node.inputs.slice(0, 2).map((input) => emitter.dense(emitter.layout(input)))
    const operands = optional(node, emitter, 2, ['mask', 'keyLength'])
    const { scale, causal, window, first, queries } = node.attributes
    emitter.emit(
      'attentionWeights',
      [out, q, k, ...operands],
      [number(scale), flag(causal), number(window), number(first), number(queries)],
    )
    return out
  },

  convolution(node, emitter) {
    const [x, weight] = node.inputs as [Node, Node]
    const [bias, residual] = optional(node, emitter, 2, ['bias', 'residual'])
    const out = emitter.allocate(node.dtype, node.shape)
    emitter.emit(
      'convolution',
      [
        out,
        emitter.dense(emitter.layout(x)),
        emitter.layout(weight),
        bias && emitter.dense(bias),
        residual && emitter.dense(residual),
      ],
      [
        ...convolutionGeometry(node, numbers(node.attributes.kernel)),
        number(node.attributes.groups),
        emitter.target.unary(node.attributes.activation as string),
        emitter.target.precision(weight.attributes.precision as string),
      ],
    )
    return out
  },

  depthwise(node, emitter) {
    const [x, taps] = node.inputs as [Node, Node]
    const out = emitter.allocate(node.dtype, node.shape)
    const [bias] = optional(node, emitter, 2, ['bias'])
    const kernel = taps.shape.slice(0, 2)
    emitter.emit(
      'depthwise',
      [
        out,
        emitter.dense(emitter.layout(x)),
        emitter.dense(emitter.layout(taps)),
        bias && emitter.dense(bias),
      ],
      [...convolutionGeometry(node, kernel), emitter.target.unary(node.attributes.activation as string)],
    )
    return out
  },

  pool(node, emitter) {
    const out = emitter.allocate(node.dtype, node.shape)
    emitter.emit(
      'pool',
      [out, emitter.dense(emitter.layout(node.inputs[0]!))],
      [
        node.attributes.kind === 'max' ? 0 : 1,
        ...convolutionGeometry(node, numbers(node.attributes.kernel)),
        flag(node.attributes.countPadding),
        ...numbers(node.attributes.ceilExtra),
      ],
    )
    return out
  },

  concat(node, emitter) {
    const out = emitter.allocate(node.dtype, node.shape)
    const axis = number(node.attributes.axis)
    let start = 0
    for (const input of node.inputs) {
      const size = input.shape[axis]!
      if (sizeOf(input.shape) > 0) emitter.emit('copy', [part(out, axis, start, size), emitter.layout(input)])
      start += size
    }
    return out
  },

  pad(node, emitter) {
    const out = emitter.allocate(node.dtype, node.shape)
    emitter.emit('fill', [out], [number(node.attributes.value)])
    const input = node.inputs[0]!
    const inside = numbers(node.attributes.before).reduce(
      (layout, before, axis) => part(layout, axis, before, input.shape[axis]!),
      out,
    )
    emitter.emit('copy', [inside, emitter.layout(input)])
    return out
  },

  /** Writes into its first input's own memory; ops.update says what that asks of its caller. */
  update(node, emitter) {
    const [cache, values, at] = node.inputs.map((input) => emitter.layout(input)) as [Layout, Layout, Layout]
    if (cache.value.kind === 'input') cache.value.kind = 'inout'
    emitter.emit('update', [cache, values, at])
    return cache
  },
}

/** [B, N, H, D] seen as [B, H, N, D]. */
function transposed(layout: Layout): Layout {
  const swap = ([a, b, c, d]: readonly number[]) => [a!, c!, b!, d!]
  return { ...layout, shape: swap(layout.shape), strides: swap(layout.strides) }
}
