import { SelfAttention } from '../../nn/attention.js'
import { FusedLinear } from '../../nn/fused-linear.js'
import { distancesOf, type Grid } from '../../nn/grid-bias.js'
import { Linear, parameter } from '../../nn/linear.js'
import type { Norm } from '../../nn/norm.js'
import { WindowAttention } from '../../nn/windows.js'
import * as ops from '../../ops/index.js'
import { constantFrom } from '../../tensor/constant.js'
import type { WeightReader } from '../../weights/reader.js'
import { readQueryKeyValue } from '../vit/read-layer.js'
import type { SwinAttentionNames, SwinSpec, SwinStage } from './spec.js'

/** Reads the attention of a block. @param shifts whether its windows are displaced */
export function readAttention(
  reader: WeightReader,
  names: SwinAttentionNames,
  spec: SwinSpec,
  stage: SwinStage,
  shifts: boolean,
): WindowAttention {
  const { heads, window, shift } = stage
  for (const table of ['relative_position_index', 'relative_coords_table'])
    reader.ignore(new RegExp(`(^|\\.)${table}$`), 'computed from the size of the window')
  const attention = new SelfAttention({
    heads,
    queryKeyValue: readProjections(reader, names, spec, stage),
    output: Linear.read(reader, names.output, heads * stage.headWidth, stage.width),
    ...(spec.version === 2 && cosine(reader, names, heads)),
  })
  const table =
    spec.version === 2
      ? readContinuousBias(reader, names, stage)
      : parameter(reader, names.biasTable, [distancesOf(window), heads])
  return new WindowAttention(attention, table, window, shifts ? shift : [0, 0], spec.windows)
}

/** The keys of Swin V2 have no bias. */
function readProjections(
  reader: WeightReader,
  names: SwinAttentionNames,
  { version, queryKeyValueBias: bias }: SwinSpec,
  { width, heads, headWidth }: SwinStage,
): FusedLinear {
  if (version === 2) {
    const queryKeyValueBias = bias && { query: true, key: false, value: true }
    return readQueryKeyValue(reader, { width, queryKeyValueBias }, names)
  }
  const inner = heads * headWidth
  return FusedLinear.read(reader, names.queryKeyValue, width, [inner, inner, inner], { bias })
}

const largestLogitScale = Math.log(100)

/** Scores that are cosines of query and key, times a factor of each head. */
function cosine(reader: WeightReader, { logitScale }: SwinAttentionNames, heads: number) {
  const scale = ops.exp(ops.minimum(parameter(reader, logitScale, [heads, 1, 1]), largestLogitScale))
  const queryNorm: Norm = { forward: (x) => ops.mul(unitLength(x), scale) }
  const keyNorm: Norm = { forward: unitLength }
  return { queryNorm, keyNorm, scale: 1 }
}

/** Vectors of length 1: x float32 [..., C] to the same shape; those shorter than 1e-12 become shorter than 1. */
function unitLength(x: ops.FloatTensor): ops.FloatTensor {
  const length = ops.sqrt(ops.sum(ops.square(x), -1, { keepDims: true }))
  return ops.div(x, ops.maximum(length, 1e-12))
}

/** Width of the layer between distances and biases. */
const hidden = 512

/**
 * The biases of all distances (Liu et al. 2022, section 3.3), which an MLP computes of their logarithms. They depend on the
 * weights only: they are computed once, with the folded constants.
 * @returns float32 [distances, heads]
 */
function readContinuousBias(
  reader: WeightReader,
  { biasMlp: [first, second] }: SwinAttentionNames,
  stage: SwinStage,
): ops.FloatTensor {
  const inner = Linear.read(reader, first, 2, hidden)
  const outer = Linear.read(reader, second, hidden, stage.heads, { bias: false })
  const biases = outer.forward(ops.relu(inner.forward(logDistances(stage.window, stage.trainedWindow))))
  return ops.mul(ops.sigmoid(biases), 16)
}

/** Logarithms of the distances over that of the trained window's ends: float32 [distances, 2], as rows and columns. */
function logDistances(window: Grid, trained: Grid): ops.FloatTensor {
  const along = (axis: 0 | 1) => {
    const last = window[axis] - 1
    const unit = (trained[axis] || window[axis]) - 1 || 1
    return Array.from({ length: 2 * last + 1 }, (_, index) => {
      const distance = (8 * (index - last)) / unit
      return (Math.sign(distance) * Math.log2(Math.abs(distance) + 1)) / Math.log2(8)
    })
  }
  const columns = along(1)
  const pairs = along(0).flatMap((down) => columns.flatMap((right) => [down, right]))
  return constantFrom(new Float32Array(pairs), [pairs.length / 2, 2], 'float32')
}
