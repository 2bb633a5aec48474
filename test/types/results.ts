// The types that ops give, as far as they are known: this file must compile. It is never run.
import * as ops from '../../lib/ops/index.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import {
  any,
  batch,
  bools,
  filters,
  ids,
  images,
  ints,
  is,
  keys,
  queries,
  scalar,
  values,
  vector,
  x,
  y,
} from './given.js'

type Float<S extends readonly number[] = readonly number[]> = Tensor<'float32', S>

// Tensor.from: from the data, and the shape.
is<Float<[2, 3]>>()(Tensor.from(new Float32Array(6), [2, 3]))
is<Float<[number]>>()(Tensor.from([1, 2]))
is<Float<number[]>>()(Tensor.from([1, 2], [2] as number[]))
is<Tensor<'int32', [2]>>()(Tensor.from(new Int32Array(2), [2]))
is<Tensor<'int64', [2]>>()(Tensor.from(new BigInt64Array(2), [2]))
is<Tensor<'uint8', [2]>>()(Tensor.from(new Uint8Array(2), [2]))
is<Tensor<'bool', [2]>>()(Tensor.from([true, false], [2]))
is<Tensor<'int64', [number]>>()(Tensor.from([1n]))
is<Tensor<'int32', [2]>>()(Tensor.from([1, 2], [2], 'int32'))
is<Tensor<'float16', [2]>>()(Tensor.from(new Uint16Array(2), [2], 'float16'))
is<Tensor<'bool', [2]>>()(Tensor.full([2], true, 'bool'))

// What comes back.
is<Promise<Float32Array>>()(x.data())
is<Promise<Int32Array>>()(ints.data())
is<Promise<BigInt64Array>>()(ids.data())
is<Promise<Uint8Array>>()(bools.data())
is<Promise<number[][]>>()(x.toArray())
is<Promise<bigint[][]>>()(ids.toArray())
is<Promise<boolean[][]>>()(bools.toArray())
is<Promise<number>>()(scalar.toArray())
is<Promise<bigint>>()(ids.item())
is<Promise<boolean>>()(bools.item())
is<readonly [2, 3]>()(x.shape)
is<'int32'>()(ints.dtype)

// Element-wise.
is<Float<[2, 3]>>()(ops.gelu(x))
is<Float<[2, 3]>>()(ops.add(x, vector))
is<Float<[2, 3]>>()(ops.sub(1, x))
is<Float<[2, 3]>>()(ops.div(x, 2))
is<Float<[4, 2, 3]>>()(ops.mul(Tensor.zeros([4, 1, 3]), x))
is<Tensor<'int32', [2, 3]>>()(ops.add(ints, 1))
is<Tensor<'bool', [2, 3]>>()(ops.less(x, vector))
is<Tensor<'bool', [2, 3]>>()(ops.logicalNot(bools))
is<Float<[2, 3]>>()(ops.where(bools, x, 0))
is<Float<[2, 3]>>()(ops.where(bools, 1, 0))
is<Tensor<'int32', [2, 3]>>()(ops.where(bools, 0, ints))
is<Float<[2, 3]>>()(ops.where(bools, vector, scalar))
is<Float<[number, 3, 8]>>()(ops.add(batch, Tensor.zeros([8])))
is<Float>()(ops.add(any, x))

// Products.
is<Float<[2, 4]>>()(ops.matmul(x, y))
is<Float<[5, 2, 4]>>()(ops.matmul(Tensor.zeros([5, 2, 3]), y))
is<Float<[number, 3, 4]>>()(ops.matmul(batch, Tensor.zeros([8, 4])))
is<Float>()(ops.matmul(any, y))
is<Float<[2, 5]>>()(ops.linear(x, Tensor.zeros([5, 3]), Tensor.zeros([5])))
is<Float<[number, 3, 5]>>()(ops.linear(batch, Tensor.zeros([5, 8])))
is<Float<[2, number]>>()(ops.linear(x, any))
is<Float>()(ops.linear(any, any, any))

// Views.
is<Float<[6]>>()(ops.reshape(x, [6]))
is<Float<[number, 2]>>()(ops.reshape(x, [-1, 2]))
is<Float<number[]>>()(ops.reshape(x, [6] as number[]))
is<Float<[3, 2]>>()(ops.permute(x, [1, 0]))
is<Float<[4, 2, 9, 9]>>()(ops.permute(images, [-1, 0, 1, 2]))
is<Float<[number, number, number]>>()(ops.permute(any, [2, 0, 1]))
is<Float<[3, 2]>>()(ops.transpose(x))
is<Float<[4, 9, 9, 2]>>()(ops.transpose(images, 0, -1))
is<Float<[5, 2, 3]>>()(ops.expand(x, [5, 2, 3]))
is<Float<[2, 1, 3]>>()(ops.unsqueeze(x, 1))
is<Float<[2, 3, 1]>>()(ops.unsqueeze(x, -1))
is<Float<[2, 3]>>()(ops.squeeze(Tensor.zeros([2, 1, 3]), 1))
is<Float<[2, number]>>()(ops.slice(x, { axis: -1, start: 1 }))
is<Float<[3]>>()(ops.select(x, 0, 1))
is<[Float<[2, 1]>, Float<[2, 2]>]>()(ops.split(x, [1, 2]))
is<Float<[2, number]>[]>()(ops.split(x, [1, 2] as number[]))
is<Float<[number, number]>>()(
  ops.pad(x, [
    [1, 0],
    [0, 0],
  ]),
)
is<Tensor<'int64', [2, 3]>>()(ops.cast(x, 'int64'))
is<Float<[number, 3]>>()(ops.concat([x, x]))
is<Float<[2, number]>>()(ops.concat([x, Tensor.zeros([2, 9])], -1))
is<Float>()(ops.concat([any, x]))
is<Float>()(ops.concat([any, any] as Float[]))
is<Tensor<'int32', [number, 2, 3]>>()(ops.stack([ints, ints]))
is<Float<[2, 3, number]>>()(ops.stack([x, x], -1))

// Reductions.
is<Float<[]>>()(ops.sum(x))
is<Float<[2]>>()(ops.mean(x, -1))
is<Float<[1, 3]>>()(ops.max(x, 0, { keepDims: true }))
is<Float<[2, 4]>>()(ops.mean(images, [1, 2]))
is<Float<[2, 1, 1, 4]>>()(ops.mean(images, [1, -2], { keepDims: true }))
is<Tensor<'int32', [2]>>()(ops.argmax(x))
is<Tensor<'int32', [1, 3]>>()(ops.argmin(x, 0, { keepDims: true }))
is<Float<[number]>>()(ops.sum(x, 1 as number))
is<Float>()(ops.sum(any, -1))
is<Float<[2, 3]>>()(ops.softmax(x, 0))
is<Float<[2, 3]>>()(ops.layerNorm(x, vector, vector))
is<Float>()(ops.layerNorm(any, any, undefined, 1e-6))
is<Float<[2, 3]>>()(ops.rmsNorm(x))
is<Float<[2, 9, 9, 4]>>()(ops.groupNorm(images, 2, any))

// Attention, convolution, indices.
is<Float<[1, 2, 5, 6]>>()(ops.attention(queries, keys, values))
is<Float<[number, number, number, number]>>()(ops.attention(any, any, any))
is<Float<[1, 2, number, 7]>>()(ops.attentionWeights(queries, keys, { rows: { start: 0, end: 1 } }))
is<Float<[2, number, number, 8]>>()(ops.conv2d(images, filters, Tensor.zeros([8]), { padding: 1 }))
is<Float<[number, number, number, 8]>>()(ops.conv2d(any, filters, any))
is<Float<[2, number, number, 4]>>()(ops.maxPool2d(images, { kernel: 2 }))
is<Float<[2, 5, 3]>>()(ops.gather(Tensor.zeros([10, 3]), ids))
is<Float<[10, 2, 5]>>()(ops.gather(Tensor.zeros([10, 3]), ids, 1))
is<Float<[2, 14]>>()(ops.resize(x, 1, 14, { mode: 'bilinear' }))
is<Tensor<'uint8', [5, 3]>>()(ops.resample(Tensor.zeros([2, 3], 'uint8'), 0, 5, 'box'))

// Code for any model: what has no literal sizes goes in and out as FloatTensor.
export function block(
  input: ops.FloatTensor,
  weight: ops.FloatTensor,
  bias?: ops.FloatTensor,
): ops.FloatTensor {
  const [rows, width] = input.shape as readonly number[] as [number, number]
  const [left, right] = ops.split(ops.linear(input, weight, bias), [width, width])
  const gated: ops.FloatTensor = ops.mul(ops.silu(left), right)
  const heads = ops.permute(ops.reshape(gated, [1, rows, 2, width / 2]), [0, 2, 1, 3])
  const attended = ops.attention(heads, heads, heads, { mask: ops.less(any, 1) })
  const merged = ops.reshape(ops.permute(attended, [0, 2, 1, 3]), [rows, width])
  return ops.add(input, ops.layerNorm(ops.concat([merged], 0), undefined, bias))
}

export const all: Promise<void> = evaluate([x, ints, bools, any, batch])
