/** A random whole number below a bound. */
export type Random = (below: number) => number

/** Repeatable random numbers (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** A copy with a few bytes changed, a piece cut out, doubled or cut off: what damage does to files. */
export function mutate(bytes: Uint8Array, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const at = random(copy.length)
  const to = at + random(copy.length - at)
  switch (random(6)) {
    case 0:
      return copy.subarray(0, at)
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(to)])
    case 2:
      return Buffer.concat([copy.subarray(0, to), copy.subarray(at)])
    default: {
      for (let count = 1 + random(4); count > 0; count--) {
        const place = random(copy.length)
        copy[place] = random(3) === 0 ? [0, 0x7f, 0x80, 0xff][random(4)]! : random(256)
      }
      return copy
    }
  }
}
