import { checkLimit } from '../limits.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'

/** Rows and columns of a grid of positions. */
export type Grid = readonly [rows: number, columns: number]

/** Number of different distances between the positions of a grid. */
export function distancesOf([rows, columns]: Grid): number {
  return (2 * rows - 1) * (2 * columns - 1)
}

/**
 * Which entry of a table of biases each pair of positions has. The entries are the distances between two positions of a
 * grid, row by row from the most negative one (Liu et al. 2021, Swin). With a class token before the positions there are
 * three more: class token to patch, patch to class token, class token to itself (Bao et al. 2021, BEiT).
 * @returns int32 [N, N], by query and key
 * @throws LIMIT_EXCEEDED
 */
export function gridDistances(grid: Grid, classToken = false): Tensor<'int32'> {
  const count = Number(classToken) + grid[0] * grid[1]
  checkLimit('tableElements', count * count, 'gridDistances: pairs of positions')
  return constantFrom(distanceIndex(grid, count), [count, count], 'int32')
}

/**
 * A bias of attention scores that depends only on the distance between query and key, to be passed as the mask.
 * @param table float32 [distances, heads]
 * @param distances of {@link gridDistances}
 * @returns float32 [heads, N, N]
 */
export function gridBias(table: ops.FloatTensor, distances: Tensor<'int32'>): ops.FloatTensor {
  const rows: ops.FloatTensor = ops.gather(table, distances)
  return ops.permute(rows, [2, 0, 1])
}

function distanceIndex(grid: Grid, count: number): Int32Array {
  const [rows, columns] = grid
  const prefix = count - rows * columns
  const distances = distancesOf(grid)
  const index = new Int32Array(count * count)
  for (let query = 0; query < count; query++)
    for (let key = 0; key < count; key++) {
      const [from, to] = [query - prefix, key - prefix]
      const down = Math.floor(from / columns) - Math.floor(to / columns)
      const right = (from % columns) - (to % columns)
      const distance = (down + rows - 1) * (2 * columns - 1) + right + columns - 1
      index[query * count + key] = from >= 0 && to >= 0 ? distance : distances + classEntry(from, to)
    }
  return index
}

/** The entry after the distances for a pair with the class token, whose position is -1. */
function classEntry(from: number, to: number): number {
  if (from >= 0) return 1
  return to >= 0 ? 0 : 2
}
