// Mistakes that the type checker must find, each on the line below its comment. This file is compiled and never run.
import * as ops from '../../lib/ops/index.js'
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

// @ts-expect-error: the comparison of types itself must be able to fail
is<Tensor<'float32', [3, 2]>>()(x)

// @ts-expect-error: float32 is not int32
export const a: Tensor<'int32'> = x
// @ts-expect-error: [2, 3] is not [3, 2]
export const b: Tensor<'float32', [3, 2]> = x
// @ts-expect-error: an unknown shape is not [2, 3]
export const c: Tensor<'float32', [2, 3]> = any
// @ts-expect-error: data of float32 comes as Float32Array
export const d: Promise<Int32Array> = x.data()
// @ts-expect-error: elements of int64 are bigints
export const e: Promise<number[][]> = ids.toArray()
// @ts-expect-error: a matrix is a list of lists
export const f: Promise<number[]> = x.toArray()
// @ts-expect-error: a shape cannot be changed
x.shape[0] = 2
// @ts-expect-error: a Float64Array is no data type of saccade
export const g: Tensor<'float32'> = Tensor.from(new Float64Array(2))
// @ts-expect-error: text is no data
Tensor.from('12')
// @ts-expect-error: there is no float64
Tensor.from([1], [1], 'float64')
// @ts-expect-error: no shape was given
export const h: Tensor<'float32', [2, 3]> = Tensor.from([1, 2, 3, 4, 5, 6])

// @ts-expect-error: inner sizes 3 and 2
ops.matmul(x, Tensor.zeros([2, 4]))
// @ts-expect-error: inner sizes 8 and 3, the batch unknown
ops.matmul(batch, y)
// @ts-expect-error: a vector is no matrix
ops.matmul(x, vector)
// @ts-expect-error: batches of 2 and 5
ops.matmul(Tensor.zeros([2, 1, 3]), Tensor.zeros([5, 3, 1]))
// @ts-expect-error: int32
ops.matmul(ints, y)
// @ts-expect-error: the result is [2, 4]
export const i: Tensor<'float32', [2, 3]> = ops.matmul(x, y)
// @ts-expect-error: 3 inputs, a weight for 4
ops.linear(x, Tensor.zeros([5, 4]))
// @ts-expect-error: a weight of rank 3
ops.linear(x, Tensor.zeros([1, 5, 3]))
// @ts-expect-error: 5 outputs, a bias of 3
ops.linear(x, Tensor.zeros([5, 3]), vector)
// @ts-expect-error: a scalar has no last axis
ops.linear(scalar, Tensor.zeros([5, 3]))

// @ts-expect-error: [2, 3] and [3, 4] do not broadcast
ops.add(x, y)
// @ts-expect-error: [2, 3] and [2] do not broadcast
ops.mul(x, Tensor.zeros([2]))
// @ts-expect-error: float32 and int32
ops.add(x, ints)
// @ts-expect-error: truth values are not added
ops.add(bools, bools)
// @ts-expect-error: int32 cannot be divided
ops.div(ints, 2)
// @ts-expect-error: one must be a tensor
ops.add(1, 2)
// @ts-expect-error: float32 is no truth value
ops.logicalAnd(x, bools)
// @ts-expect-error: the result is bool
export const j: Tensor<'float32'> = ops.less(x, 1)
// @ts-expect-error: gelu is for float32
ops.gelu(ints)
// @ts-expect-error: there is no such form of gelu
ops.gelu(x, { approximate: 'sigmoid' })
// @ts-expect-error: the condition must be bool
ops.where(x, 1, 2)
// @ts-expect-error: float32 and int32
ops.where(bools, x, ints)
// @ts-expect-error: [2, 3] and [4] do not broadcast
ops.where(bools, x, Tensor.zeros([4]))

// @ts-expect-error: two axes of three
ops.permute(Tensor.zeros([1, 2, 3]), [1, 0])
// @ts-expect-error: axis 2 of two
ops.permute(x, [0, 2])
// @ts-expect-error: axis 2 of two
ops.transpose(x, 0, 2)
// @ts-expect-error: a vector has no two axes
ops.transpose(vector)
// @ts-expect-error: the result is [3, 2]
export const k: Tensor<'float32', [2, 3]> = ops.transpose(x)
// @ts-expect-error: 3 does not become 4
ops.expand(x, [2, 4])
// @ts-expect-error: axes cannot be lost
ops.expand(x, [3])
// @ts-expect-error: axis 0 is of size 2
ops.squeeze(x, 0)
// @ts-expect-error: axis 5 of two
ops.slice(x, { axis: 5 })
// @ts-expect-error: axis -3 of two
ops.select(x, -3, 0)
// @ts-expect-error: a pair of widths for one axis of two
ops.pad(x, [[1, 1]])
// @ts-expect-error: sizes of another axis than 0 differ
ops.concat([x, Tensor.zeros([2, 4])])
// @ts-expect-error: types differ
ops.concat([x, ints])
// @ts-expect-error: ranks differ
ops.concat([x, vector])
// @ts-expect-error: axis 2 of two
ops.concat([x, x], 2)
// @ts-expect-error: there is no float64
ops.cast(x, 'float64')

// @ts-expect-error: axis 2 of two
ops.sum(x, 2)
// @ts-expect-error: axis -3 of two
ops.mean(x, [0, -3])
// @ts-expect-error: the result is a vector
export const l: Tensor<'float32', []> = ops.max(x, 0)
// @ts-expect-error: indices are int32
export const m: Tensor<'float32'> = ops.argmax(x)
// @ts-expect-error: axis 4 of two
ops.softmax(x, 4)
// @ts-expect-error: a scalar has no axis
ops.softmax(scalar)
// @ts-expect-error: a scalar has no axis
ops.argmax(scalar)
// @ts-expect-error: a weight of 4 for rows of 3
ops.layerNorm(x, Tensor.zeros([4]))
// @ts-expect-error: a bias of rank 2
ops.layerNorm(x, vector, x)
// @ts-expect-error: a scalar has no axis
ops.layerNorm(scalar)

// @ts-expect-error: widths 8 and 6
ops.attention(queries, values, values)
// @ts-expect-error: 7 keys, 5 values
ops.attention(queries, keys, queries)
// @ts-expect-error: heads are of rank 4
ops.attention(batch, keys, values)
// @ts-expect-error: 2 heads and 3
ops.attentionWeights(queries, Tensor.zeros([1, 3, 7, 8]))
// @ts-expect-error: a mask of int32
ops.attention(queries, keys, values, { mask: ints })
// @ts-expect-error: the result is as wide as the values
export const n: Tensor<'float32', [1, 2, 5, 8]> = ops.attention(queries, keys, values)
// @ts-expect-error: images are of rank 4
ops.conv2d(x, filters)
// @ts-expect-error: filters are of rank 4
ops.conv2d(images, Tensor.zeros([8, 4, 3]))
// @ts-expect-error: 8 outputs, a bias of 3
ops.conv2d(images, filters, vector)
// @ts-expect-error: images are of rank 4
ops.avgPool2d(batch, { kernel: 2 })
// @ts-expect-error: indices are whole numbers
ops.gather(x, y)
// @ts-expect-error: axis 2 of two
ops.gather(x, ids, 2)
// @ts-expect-error: the values are of another type
ops.update(x, ints, Tensor.zeros([1], 'int32'))
// @ts-expect-error: there is no such mode
ops.resize(x, 0, 4, { mode: 'area' })
// @ts-expect-error: resample is for uint8
ops.resample(x, 0, 4, 'box')
