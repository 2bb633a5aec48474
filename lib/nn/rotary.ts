import { sizesOf } from '../graph/shape.js'
import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * Which features of a head form a rotated pair: `halves`, i and i + pairs (GPT-NeoX, ModernBERT, DINOv3), or
 * `interleaved`, 2 i and 2 i + 1 (the paper, GPT-J, timm's EVA).
 */
export type RotaryLayout = 'halves' | 'interleaved'

/** Rotates pairs of features of queries and keys, each pair by its own angle. */
export class Rotation {
  readonly cos: ops.FloatTensor
  readonly sin: ops.FloatTensor
  readonly layout: RotaryLayout

  /**
   * @param cos cosines of the angles: float32 [N, pairs]; [B, 1, N, pairs] if positions differ between sequences;
   *   [heads, N, pairs] if they differ between heads. A position that is not rotated, such as that of the class token,
   *   has cosine 1 and sine 0
   * @param sin sines of the angles, of the same shape
   */
  constructor(cos: ops.FloatTensor, sin: ops.FloatTensor, layout: RotaryLayout) {
    this.cos = cos
    this.sin = sin
    this.layout = layout
  }

  /** x float32 [B, heads, N, D] to the same shape. Features after the first 2 * pairs are not rotated. */
  apply(x: ops.FloatTensor): ops.FloatTensor {
    const { cos, sin } = this
    const rotatedSize = 2 * cos.shape[cos.rank - 1]!
    const [first, second] = this.#pairs(ops.slice(x, { axis: 3, start: 0, end: rotatedSize }))
    const rotatedFirst: ops.FloatTensor = ops.sub(ops.mul(first, cos), ops.mul(second, sin))
    const rotatedSecond: ops.FloatTensor = ops.add(ops.mul(second, cos), ops.mul(first, sin))
    const rotated = this.#join(rotatedFirst, rotatedSecond)
    if (rotatedSize === x.shape[3]) return rotated
    return ops.concat([rotated, ops.slice(x, { axis: 3, start: rotatedSize })], 3)
  }

  #pairs(x: ops.FloatTensor): readonly [ops.FloatTensor, ops.FloatTensor] {
    const pairs = x.shape[3]! / 2
    if (this.layout === 'halves') return ops.split(x, [pairs, pairs])
    return [ops.slice(x, { axis: 3, step: 2 }), ops.slice(x, { axis: 3, start: 1, step: 2 })]
  }

  #join(first: ops.FloatTensor, second: ops.FloatTensor): ops.FloatTensor {
    if (this.layout === 'halves') return ops.concat([first, second], 3)
    const [batch, heads, positions, pairs] = sizesOf(first.shape, 4)
    return ops.reshape(ops.stack([first, second], 4), [batch, heads, positions, 2 * pairs])
  }
}

/** Parameters of rotary position embeddings. */
export interface RotaryOptions {
  /** Number of positions. */
  readonly positions: number
  /** Number of rotated features of a head: all, or the first ones (GPT-J's rotary_dim). */
  readonly width: number
  /** The angle of pair i is position / base ** (2 i / width). Usually 10000. */
  readonly base: number
  readonly layout: RotaryLayout
}

/** Rotary position embeddings (Su et al. 2021, "RoFormer"). */
export class RotaryPositions {
  /** float32 [positions, width / 2]. */
  readonly #cos: ops.FloatTensor
  readonly #sin: ops.FloatTensor
  readonly #layout: RotaryLayout

  constructor({ positions, width, base, layout }: RotaryOptions) {
    const pairs = width / 2
    const table = (wave: (angle: number) => number) =>
      constantFrom(
        Float32Array.from({ length: positions * pairs }, (_, index) =>
          wave(Math.floor(index / pairs) / base ** ((2 * (index % pairs)) / width)),
        ),
        [positions, pairs],
        'float32',
      )
    this.#cos = table(Math.cos)
    this.#sin = table(Math.sin)
    this.#layout = layout
  }

  /** The rotation for positions 0 to count - 1. */
  first(count: number): Rotation {
    const rows = (table: ops.FloatTensor): ops.FloatTensor =>
      ops.slice(table, { axis: 0, start: 0, end: count })
    return new Rotation(rows(this.#cos), rows(this.#sin), this.#layout)
  }

  /** The rotation for the given positions: int32 [N] for all sequences, or [B, N]. */
  at(positions: Tensor<'int32'>): Rotation {
    const rows = (table: ops.FloatTensor): ops.FloatTensor => {
      const angles: ops.FloatTensor = ops.gather(table, positions)
      return positions.rank === 2 ? ops.unsqueeze(angles, 1) : angles
    }
    return new Rotation(rows(this.#cos), rows(this.#sin), this.#layout)
  }
}
