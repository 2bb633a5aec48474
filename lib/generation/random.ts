/** Seeded random number generator: xoshiro128** (Blackman and Vigna 2018), seeded by splitmix32. */
export class Random {
  readonly #state = new Uint32Array(4)

  /** @param stream selects one of several independent sequences of the same seed */
  constructor(seed: number, stream = 0) {
    let mix = (seed ^ Math.floor(seed / 2 ** 32) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0
    for (let i = 0; i < 4; i++) {
      mix = (mix + 0x9e3779b9) >>> 0
      let z = mix
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      this.#state[i] = z ^ (z >>> 15)
    }
  }

  /** Uniform in [0, 1), with 32 bits. */
  next(): number {
    const s = this.#state
    const rotated = Math.imul(s[1]!, 5)
    const result = Math.imul((rotated << 7) | (rotated >>> 25), 9) >>> 0
    const shifted = s[1]! << 9
    s[2] = s[2]! ^ s[0]!
    s[3] = s[3]! ^ s[1]!
    s[1] = s[1]! ^ s[2]!
    s[0] = s[0]! ^ s[3]!
    s[2] = s[2]! ^ shifted
    s[3] = (s[3]! << 11) | (s[3]! >>> 21)
    return result / 2 ** 32
  }

  /** Exponentially distributed with mean 1, never 0. */
  exponential(): number {
    return -Math.log(1 - this.next()) || Number.MIN_VALUE
  }
}
