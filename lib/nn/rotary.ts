import * as ops from '../ops/index.js'
import { constantFrom } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'

/**
 * Which features of a head are a pair that is turned: `halves`, i and i + pairs (GPT-NeoX, ModernBERT, DINOv3), or
 * `interleaved`, 2 i and 2 i + 1 (the paper, GPT-J, timm's EVA).
 */
export type RotaryLayout = 'halves' | 'interleaved'

/** Turns the pairs of features of queries and keys, each by its own angle. */
export class Rotation {
  readonly cos: ops.FloatTensor
  readonly sin: ops.FloatTensor
  readonly layout: RotaryLayout

  /**
   * @param cos float32 [N, pairs] of the positions; or [B, 1, N, pairs] where they differ by sequence, [heads, N, pairs]
   *   where they differ by head. A position that is not turned, such as a class token's, has cosine 1 and sine 0
   * @param sin the same shape
   */
  constructor(cos: ops.FloatTensor, sin: ops.FloatTensor, layout: RotaryLayout) {
    this.cos = cos
    this.sin = sin
    this.layout = layout
  }

  /** x float32 [B, heads, N, D] to the same shape; the features after the first 2 * pairs stay as they are. */
  apply(x: ops.FloatTensor): ops.FloatTensor {
    const { cos, sin } = this
    const turned = 2 * cos.shape[cos.rank - 1]!
    const [first, second] = this.#pairs(ops.slice(x, { axis: 3, start: 0, end: turned }))
    const one: ops.FloatTensor = ops.sub(ops.mul(first, cos), ops.mul(second, sin))
    const other: ops.FloatTensor = ops.add(ops.mul(second, cos), ops.mul(first, sin))
    const joined = this.#join(one, other)
    return turned === x.shape[3] ? joined : ops.concat([joined, ops.slice(x, { axis: 3, start: turned })], 3)
  }

  #pairs(x: ops.FloatTensor): readonly [ops.FloatTensor, ops.FloatTensor] {
    const pairs = x.shape[3]! / 2
    if (this.layout === 'halves') return ops.split(x, [pairs, pairs])
    return [ops.slice(x, { axis: 3, step: 2 }), ops.slice(x, { axis: 3, start: 1, step: 2 })]
  }

  #join(first: ops.FloatTensor, second: ops.FloatTensor): ops.FloatTensor {
    if (this.layout === 'halves') return ops.concat([first, second], 3)
    const [batch, heads, positions, pairs] = first.shape as readonly number[] as [
      number,
      number,
      number,
      number,
    ]
    return ops.reshape(ops.stack([first, second], 4), [batch, heads, positions, 2 * pairs])
  }
}

/** Parameters of rotary positions. */
export interface RotaryOptions {
  /** Positions there can be. */
  readonly positions: number
  /** Features of a head that are turned: all, or the first of them (GPT-J's rotary_dim). */
  readonly width: number
  /** Pair i turns by position / base ** (2 i / width). Usually 10000. */
  readonly base: number
  readonly layout: RotaryLayout
}

/** Rotary positions of a sequence (Su et al. 2021, "RoFormer"). */
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

  /** Of the positions 0 to count - 1. */
  first(count: number): Rotation {
    const rows = (table: ops.FloatTensor): ops.FloatTensor =>
      ops.slice(table, { axis: 0, start: 0, end: count })
    return new Rotation(rows(this.#cos), rows(this.#sin), this.#layout)
  }

  /** Of the given positions: int32 [N] of all sequences, or [B, N] of each. */
  at(positions: Tensor<'int32'>): Rotation {
    const rows = (table: ops.FloatTensor): ops.FloatTensor => {
      const found: ops.FloatTensor = ops.gather(table, positions)
      return positions.rank === 2 ? ops.unsqueeze(found, 1) : found
    }
    return new Rotation(rows(this.#cos), rows(this.#sin), this.#layout)
  }
}
