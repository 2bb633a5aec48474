// Data type and shape of each op's result. The table has an entry for every op: a missing one is a type error.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { DType } from '../../lib/graph/dtype.js'
import { GraphNode, type Node } from '../../lib/graph/node.js'
import { type OpName, type OpParameters, typeRules } from '../../lib/graph/ops.js'
import { isView } from '../../lib/graph/views.js'

type Type = readonly [dtype: DType, ...shape: number[]]

interface Case<O extends OpName> {
  readonly parameters: OpParameters[O]
  readonly operands: readonly Type[]
  readonly result: Type
}

const f32 = (...shape: number[]): Type => ['float32', ...shape]
const window = { stride: [2, 1], padding: [1, 0], dilation: [1, 1], outputSize: [4, 7] } as const
const epilogue = { activation: 'relu', bias: true, residual: false } as const
const restrictions = { scale: 0.5, causal: true, window: 0, mask: false, keyLength: false }

const cases: { readonly [O in OpName]: readonly Case<O>[] } = {
  data: [{ parameters: { dtype: 'int64', shape: [3] }, operands: [], result: ['int64', 3] }],
  constant: [{ parameters: { dtype: 'bfloat16', shape: [] }, operands: [], result: ['bfloat16'] }],
  packed: [{ parameters: { shape: [1, 3, 4], precision: 'int8' }, operands: [], result: f32(1, 3, 4) }],
  reshape: [{ parameters: { shape: [6] }, operands: [['bool', 2, 3]], result: ['bool', 6] }],
  permute: [{ parameters: { axes: [2, 0, 1] }, operands: [f32(2, 3, 4)], result: f32(4, 2, 3) }],
  expand: [{ parameters: { shape: [5, 2, 3] }, operands: [['uint8', 1, 3]], result: ['uint8', 5, 2, 3] }],
  slice: [
    { parameters: { axis: 1, start: 1, size: 2, step: 2 }, operands: [f32(2, 5)], result: f32(2, 2) },
    { parameters: { axis: 0, start: 5, size: 0, step: 1 }, operands: [f32(5)], result: f32(0) },
  ],
  fill: [{ parameters: { dtype: 'int32', value: 7, constant: true }, operands: [], result: ['int32'] }],
  copy: [{ parameters: { dtype: 'bool' }, operands: [f32(2, 3)], result: ['bool', 2, 3] }],
  unary: [{ parameters: { kind: 'gelu', parameter: 0 }, operands: [['float16', 4]], result: ['float16', 4] }],
  binary: [
    {
      parameters: { kind: 'add' },
      operands: [
        ['int32', 4],
        ['int32', 4],
      ],
      result: ['int32', 4],
    },
    { parameters: { kind: 'less' }, operands: [f32(4), f32(4)], result: ['bool', 4] },
    {
      parameters: { kind: 'logicalOr' },
      operands: [
        ['bool', 4],
        ['bool', 4],
      ],
      result: ['bool', 4],
    },
  ],
  where: [
    {
      parameters: {},
      operands: [
        ['bool', 2],
        ['int64', 2],
        ['int64', 2],
      ],
      result: ['int64', 2],
    },
  ],
  reduce: [
    { parameters: { kind: 'sum', axes: 2 }, operands: [f32(2, 3, 4)], result: f32(2) },
    { parameters: { kind: 'mean', axes: 0 }, operands: [['bfloat16', 2]], result: ['bfloat16', 2] },
    { parameters: { kind: 'argmax', axes: 1 }, operands: [f32(2, 3)], result: ['int32', 2] },
    { parameters: { kind: 'argmin', axes: 2 }, operands: [f32(2, 3)], result: ['int32'] },
  ],
  topK: [{ parameters: { count: 2 }, operands: [f32(4, 3)], result: ['int32', 4, 2] }],
  softmax: [{ parameters: { logarithm: true }, operands: [f32(2, 3)], result: f32(2, 3) }],
  norm: [
    {
      parameters: { mode: 'layer', epsilon: 1e-5, weight: true, bias: false },
      operands: [['bfloat16', 5, 1, 1, 8], f32(1, 8)],
      result: ['bfloat16', 5, 1, 1, 8],
    },
  ],
  gather: [
    {
      parameters: {},
      operands: [
        ['bfloat16', 2, 100, 8],
        ['int32', 5],
      ],
      result: ['bfloat16', 2, 5, 8],
    },
  ],
  update: [{ parameters: {}, operands: [f32(4, 9, 8), f32(4, 1, 8), ['int32', 1]], result: f32(4, 9, 8) }],
  concat: [{ parameters: { axis: 1 }, operands: [f32(2, 3), f32(2, 0), f32(2, 4)], result: f32(2, 7) }],
  pad: [
    {
      parameters: { before: [1, 0], after: [2, 3], value: 0 },
      operands: [['int32', 2, 3]],
      result: ['int32', 5, 6],
    },
  ],
  pool: [
    {
      parameters: { ...window, kind: 'max', kernel: [2, 2], countPadding: false, ceilExtra: [0, 0] },
      operands: [f32(3, 7, 8, 5)],
      result: f32(3, 4, 7, 5),
    },
  ],
  resample: [
    {
      parameters: { filter: 'bicubic', length: 12, offset: 2, size: 8, first: 3, count: 4 },
      operands: [['uint8', 2, 9, 3]],
      result: ['uint8', 2, 4, 3],
    },
  ],
  attention: [
    {
      parameters: restrictions,
      operands: [f32(2, 3, 5, 8), f32(2, 3, 7, 8), f32(2, 3, 7, 6)],
      result: f32(2, 3, 5, 6),
    },
  ],
  attentionWeights: [
    {
      parameters: { ...restrictions, first: 1, queries: 5 },
      operands: [f32(2, 3, 4, 8), f32(2, 3, 7, 8)],
      result: f32(2, 3, 4, 7),
    },
  ],
  matmul: [
    { parameters: {}, operands: [f32(3, 4), f32(4, 5)], result: f32(3, 5) },
    { parameters: {}, operands: [f32(6, 1, 3, 4), f32(2, 4, 5)], result: f32(6, 2, 3, 5) },
  ],
  conv2d: [
    {
      parameters: { ...window, groups: 2 },
      operands: [f32(3, 7, 8, 4), f32(6, 2, 2, 2)],
      result: f32(3, 4, 7, 6),
    },
  ],
  pack: [{ parameters: { precision: 'int8' }, operands: [['float16', 2, 3, 4]], result: f32(2, 3, 4) }],
  quantize: [{ parameters: {}, operands: [f32(2, 3, 70)], result: ['uint8', 2, 3, 70] }],
  gemm: [
    { parameters: epilogue, operands: [f32(2, 5, 3), f32(1, 3, 4), f32(4)], result: f32(2, 5, 4) },
    {
      parameters: { ...epilogue, bias: false, residual: true },
      operands: [['bfloat16', 2, 5, 3], f32(2, 3, 4), ['bfloat16', 2, 5, 4]],
      result: ['bfloat16', 2, 5, 4],
    },
    { parameters: epilogue, operands: [['uint8', 2, 5, 3], f32(1, 3, 4), f32(4)], result: f32(2, 5, 4) },
  ],
  convolution: [
    {
      parameters: { ...window, ...epilogue, kernel: [3, 3], groups: 2 },
      operands: [['float16', 3, 7, 8, 4], f32(2, 18, 5), f32(10)],
      result: ['float16', 3, 4, 7, 10],
    },
  ],
  depthwise: [
    {
      parameters: { ...window, ...epilogue, residual: false },
      operands: [f32(3, 7, 8, 4), f32(3, 3, 4), f32(4)],
      result: f32(3, 4, 7, 4),
    },
  ],
}

const leaf = ([dtype, ...shape]: Type): Node => new GraphNode('data', [], { dtype, shape })

function check<O extends OpName>(op: O, { parameters, operands, result }: Case<O>): void {
  const node = new GraphNode(op, operands.map(leaf), parameters)
  assert.equal([node.dtype, ...node.shape], result, op)
}

function checkAll<O extends OpName>(op: O): void {
  for (const each of cases[op]) check<O>(op, each)
}

test('the record knows data type and shape of every op', () => {
  assert.equal(Object.keys(cases).sort(), Object.keys(typeRules).sort())
  const names = Object.keys(cases).filter((name): name is OpName => name in typeRules)
  names.forEach(checkAll)
})

test('views are the ops of their family', () => {
  const x = leaf(f32(2, 3))
  assert.ok(isView(new GraphNode('permute', [x], { axes: [1, 0] })))
  assert.not(isView(x))
  assert.not(isView(new GraphNode('softmax', [x], { logarithm: false })))
})

test.run()
