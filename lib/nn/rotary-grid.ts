import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import { type RotaryLayout, Rotation } from './rotary.js'

/** Height and width of a grid of patches. */
type Grid = readonly [number, number]

/** Rotary positions of patches, which stand row by row after prefix tokens that are not rotated. */
export interface GridRotary {
  /**
   * The rotation of all tokens, for each layer: the frequencies of some models differ between layers.
   * @param prefix number of tokens before the patches
   */
  rotations(grid: Grid, prefix: number): (layer: number) => Rotation
}

/** Coordinate of the patch at `index` of an axis with `count` patches; axis 0 has the rows. */
export type PatchCoordinate = (index: number, count: number, axis: 0 | 1) => number

/** Centres of the patches, from -1 at one edge of the image to 1 at the other, times 2 pi (DINOv3). */
export const patchCentres: PatchCoordinate = (index, count) => 2 * Math.PI * ((2 * (index + 0.5)) / count - 1)

/**
 * Numbers of the patches (timm's EVA). With a reference grid, that of the pretraining, another grid spans its angles.
 * @param offset is added to each number
 */
export function patchNumbers(offset: number, reference?: Grid): PatchCoordinate {
  return (index, count, axis) => (reference ? ((index + offset) / count) * reference[axis] : index + offset)
}

/** Parameters of axial rotary positions. */
export interface AxialRotaryOptions {
  /** Number of features of a head, a multiple of 4. */
  readonly width: number
  /** Pair i of an axis turns by coordinate / base ** (4 i / width). */
  readonly base: number
  readonly layout: RotaryLayout
  readonly coordinate: PatchCoordinate
  /** Which coordinate turns the first half of the pairs; the other one turns the second half. */
  readonly first: 'rows' | 'columns'
}

/** Half of the pairs turn with the row of a patch, half with its column (EVA-02, DINOv3, RoPE-ViT's axial form). */
export class AxialRotary implements GridRotary {
  readonly #options: AxialRotaryOptions
  /** The rotation of the last call: the images of most calls have one size. */
  #last: { readonly key: string; readonly rotation: Rotation } | undefined

  constructor(options: AxialRotaryOptions) {
    this.#options = options
  }

  rotations(grid: Grid, prefix: number): () => Rotation {
    const key = `${grid} ${prefix}`
    const last = this.#last?.key === key ? this.#last : { key, rotation: this.#rotation(grid, prefix) }
    this.#last = last
    return () => last.rotation
  }

  #rotation([rows, columns]: Grid, prefix: number): Rotation {
    const { width, base, layout, coordinate, first } = this.#options
    const perAxis = width / 4
    const pairs = 2 * perAxis
    const angles = new Float64Array((prefix + rows * columns) * pairs)
    for (let patch = 0; patch < rows * columns; patch++) {
      const row = coordinate(Math.floor(patch / columns), rows, 0)
      const column = coordinate(patch % columns, columns, 1)
      const ordered = first === 'rows' ? [row, column] : [column, row]
      for (let pair = 0; pair < pairs; pair++)
        angles[(prefix + patch) * pairs + pair] =
          ordered[Math.floor(pair / perAxis)]! / base ** ((pair % perAxis) / perAxis)
    }
    const table = (wave: (angle: number) => number): ops.FloatTensor =>
      constantFrom(Float32Array.from(angles, wave), [prefix + rows * columns, pairs], 'float32')
    return new Rotation(table(Math.cos), table(Math.sin), layout)
  }
}

/** Each layer and head has learned frequencies for both axes (Heo et al. 2024, "RoPE-Mixed"). */
export class MixedRotary implements GridRotary {
  readonly #frequencies: ops.FloatTensor
  readonly #first: 'rows' | 'columns'

  /**
   * @param frequencies float32 [2, layers, heads, pairs]: for the numbers of the first axis, and of the other one
   * @param first the first axis
   */
  constructor(frequencies: ops.FloatTensor, first: 'rows' | 'columns') {
    this.#frequencies = frequencies
    this.#first = first
  }

  rotations([rows, columns]: Grid, prefix: number): (layer: number) => Rotation {
    const tokens = prefix + rows * columns
    const numbers = (of: (patch: number) => number): ops.FloatTensor => {
      const values = Float32Array.from({ length: tokens }, (_, token) =>
        token < prefix ? 0 : of(token - prefix),
      )
      return constantFrom(values, [1, tokens, 1], 'float32')
    }
    const row = numbers((patch) => Math.floor(patch / columns))
    const column = numbers((patch) => patch % columns)
    const [first, second] = this.#first === 'rows' ? [row, column] : [column, row]
    return (layer) => {
      const angles: ops.FloatTensor = ops.add(
        ops.mul(first, this.#of(0, layer)),
        ops.mul(second, this.#of(1, layer)),
      )
      return new Rotation(ops.cos(angles), ops.sin(angles), 'interleaved')
    }
  }

  /** Frequencies of an axis, [heads, 1, pairs]. */
  #of(axis: number, layer: number): ops.FloatTensor {
    return ops.unsqueeze(ops.select(ops.select(this.#frequencies, 0, axis), 0, layer), 1)
  }
}
