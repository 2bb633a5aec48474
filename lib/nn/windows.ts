import { requireRank } from '../ops/check.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Attended, SelfAttentionCall } from './attention.js'
import { type Grid, gridBias, gridDistances } from './grid-bias.js'
import type { SelfAttending } from './layer.js'

/** How windows of libraries differ. */
export interface WindowOptions {
  /** Grids that are no larger than the window on an axis are shifted too. */
  readonly shiftsSmall: boolean
  /** Rows and columns of padding come after the shift, instead of before it: they stay at the end. */
  readonly padsLast: boolean
  /** Added to the score of a pair of positions that only the shift made neighbours. */
  readonly apart: number
}

/** Self-attention within the windows of a grid, which shifted windows displace (Liu et al. 2021, Swin). */
export class WindowAttention implements SelfAttending {
  readonly #attention: SelfAttending
  /** float32 [heads, N, N] for the N positions of a window. */
  readonly #bias: ops.FloatTensor
  readonly #window: Grid
  readonly #shift: Grid
  readonly #options: WindowOptions

  /**
   * @param attention over the positions of one window
   * @param table biases by distance, float32 [distances, heads]: see {@link gridBias}
   * @param shift by how many rows and columns the windows are displaced
   */
  constructor(
    attention: SelfAttending,
    table: ops.FloatTensor,
    window: Grid,
    shift: Grid,
    options: WindowOptions,
  ) {
    this.#attention = attention
    this.#bias = gridBias(table, gridDistances(window))
    this.#window = window
    this.#shift = shift
    this.#options = options
  }

  /**
   * x float32 [B, H, W, width] to the same shape. A grid of no multiple of the window is padded with zeros, which are
   * attended to. The weights are those of each window,
   * [B * windows, heads, positions, positions].
   */
  forward(x: ops.FloatTensor, call: SelfAttentionCall = {}): Attended {
    const [batch, height, width, channels] = requireRank(
      x,
      4,
      '[batch, height, width, channels]',
      'window attention',
    )
    const { shiftsSmall, padsLast } = this.#options
    const shifts = shiftsSmall || (height > this.#window[0] && width > this.#window[1])
    const layout = windowLayout([height, width], this.#window, shifts ? this.#shift : [0, 0], padsLast)
    const { windows, positions, from, to, padded } = layout
    const flat: ops.FloatTensor = ops.reshape(x, [batch, height * width, channels])
    const filled = padded
      ? ops.pad(flat, [
          [0, 0],
          [0, 1],
          [0, 0],
        ])
      : flat
    const split: ops.FloatTensor = ops.gather(filled, indices(from), 1)
    const inWindows: ops.FloatTensor = ops.reshape(split, [batch * windows, positions, channels])
    const mask = this.#mask(batch, layout)
    const { output, weights } = this.#attention.forward(inWindows, { ...call, mask })
    const joined: ops.FloatTensor = ops.reshape(output, [batch, windows * positions, channels])
    const ordered: ops.FloatTensor = ops.gather(joined, indices(to), 1)
    return { output: ops.reshape(ordered, [batch, height, width, channels]), ...(weights && { weights }) }
  }

  /** float32 [heads, N, N], or [B * windows, heads, N, N] for shifted windows, whose regions differ. */
  #mask(batch: number, { windows, positions, regions }: WindowLayout): ops.FloatTensor {
    const bias = this.#bias
    if (!regions) return bias
    const heads = bias.shape[0]!
    const ofKey = constantFrom(regions, [windows, 1, 1, positions], 'int32')
    const ofQuery: Tensor<'int32'> = ops.reshape(ofKey, [windows, 1, positions, 1])
    const mask: ops.FloatTensor = ops.add(bias, ops.where(ops.equal(ofQuery, ofKey), 0, this.#options.apart))
    const repeated: ops.FloatTensor = ops.expand(mask, [batch, windows, heads, positions, positions])
    return ops.reshape(repeated, [batch * windows, heads, positions, positions])
  }
}

function indices(list: Int32Array): Tensor<'int32'> {
  return constantFrom(list, [list.length], 'int32')
}

/** Where the positions of a grid are in its windows. */
interface WindowLayout {
  /** Number of windows, and of positions in each. */
  readonly windows: number
  readonly positions: number
  /** For each position of each window its position in the grid; height * width for padding. */
  readonly from: Int32Array
  /** For each position of the grid its place in the list of all windows. */
  readonly to: Int32Array
  /** Whether there is padding. */
  readonly padded: boolean
  /** For each position of each window the region it comes from, if windows are shifted: regions do not see each other. */
  readonly regions: Int32Array | undefined
}

/** The layout of windows over a grid of `height` x `width` positions. @param padsLast padding is not shifted */
export function windowLayout(
  [height, width]: Grid,
  window: Grid,
  shift: Grid,
  padsLast = false,
): WindowLayout {
  const [rows, columns] = [Math.ceil(height / window[0]), Math.ceil(width / window[1])]
  const [fullHeight, fullWidth] = [rows * window[0], columns * window[1]]
  const [windows, positions] = [rows * columns, window[0] * window[1]]
  const from = new Int32Array(windows * positions)
  const to = new Int32Array(height * width)
  const regions = new Int32Array(windows * positions)
  for (let place = 0; place < from.length; place++) {
    const [index, inside] = [Math.floor(place / positions), place % positions]
    // Row and column after the shift, and before it.
    const y = Math.floor(index / columns) * window[0] + Math.floor(inside / window[1])
    const x = (index % columns) * window[1] + (inside % window[1])
    const [row, column] = padsLast
      ? [unshifted(y, height, shift[0]), unshifted(x, width, shift[1])]
      : [(y + shift[0]) % fullHeight, (x + shift[1]) % fullWidth]
    const isPadding = row >= height || column >= width
    from[place] = isPadding ? height * width : row * width + column
    if (!isPadding) to[row * width + column] = place
    regions[place] =
      3 * regionOf(y, fullHeight, window[0], shift[0]) + regionOf(x, fullWidth, window[1], shift[1])
  }
  const shifted = shift[0] > 0 || shift[1] > 0
  return {
    windows,
    positions,
    from,
    to,
    padded: from.length > to.length,
    regions: shifted ? regions : undefined,
  }
}

/** The position before a shift of the first `length` positions; those behind them stay. */
function unshifted(position: number, length: number, shift: number): number {
  return position < length ? (position + shift) % length : position
}

/** 0 before the last window, 1 in its part that was its neighbour before the shift, 2 in the part from the other end. */
function regionOf(position: number, length: number, window: number, shift: number): number {
  if (shift === 0) return 0
  return Number(position >= length - window) + Number(position >= length - shift)
}
