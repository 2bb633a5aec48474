import { distancesOf, type Grid, gridBias } from '../../nn/grid-bias.js'
import { parameter } from '../../nn/linear.js'
import { resizeMaps } from '../../nn/resize-maps.js'
import * as ops from '../../ops/index.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { WeightReader } from '../../weights/reader.js'
import type { BeitConfig } from './config.js'

/** Entries of a table for pairs with the class token. */
const classEntries = 3

/** Biases by the distance between patches, for images of any size. */
export class BeitBias {
  readonly #table: ops.FloatTensor
  readonly #grid: Grid
  readonly #exact: boolean

  /** Reads a table for the patches of `grid`. */
  constructor(reader: WeightReader, { grid, exact }: Pick<BeitConfig, 'grid' | 'exact'>, heads: number) {
    reader.ignore('relative_position_index', 'computed from the number of patches')
    this.#table = parameter(reader, 'relative_position_bias_table', [distancesOf(grid) + classEntries, heads])
    this.#grid = grid
    this.#exact = exact
  }

  /**
   * @param distances of gridDistances(grid, true)
   * @returns float32 [heads, N, N]
   */
  forward(grid: Grid, distances: Tensor<'int32'>): ops.FloatTensor {
    const [rows, columns] = this.#grid
    const same = rows === columns && grid[0] === rows && grid[1] === columns
    if (same || this.#exact) return gridBias(this.#table, distances)
    const heads = this.#table.shape[1]!
    const count = distancesOf(this.#grid)
    const patches = ops.slice(this.#table, { axis: 0, end: count })
    // The library has rows and columns in this order, which makes a difference where they differ.
    const maps = ops.reshape(patches, [1, 2 * columns - 1, 2 * rows - 1, heads])
    const resized = resizeMaps(maps, [2 * grid[0] - 1, 2 * grid[1] - 1], { alignCorners: false })
    const flat: ops.FloatTensor = ops.reshape(resized, [distancesOf(grid), heads])
    const table = ops.concat([flat, ops.slice(this.#table, { axis: 0, start: count })])
    return gridBias(table, distances)
  }
}
