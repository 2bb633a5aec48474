// Mutated inputs for targets in JavaScript. An input follows from its seed and index alone, so that the parent knows what
// the child was running when it died.
import { mutateJson } from './mutate-json.mjs'

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x2d, 0x30, 0x39, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d]
const wide = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const maxBytes = 1 << 16

/**
 * The mutated input.
 * @param target `seeds`; perhaps `tokens`, strings of the format to insert; perhaps `jsonFrom`: the seeds are JSON from this
 *   index on, and most inputs should be, too
 */
export function inputOf(target, seed, index) {
  const random = randomOf(seed, index)
  const below = (count) => Math.floor(random() * count)
  const pick = (list) => list[below(list.length)]
  const chosen = pick(target.seeds)
  const { jsonFrom } = target
  if (jsonFrom !== undefined && below(4) > 0) {
    const json = mutateJson(chosen, target.seeds, jsonFrom, below, pick)
    if (json !== undefined) return joined(chosen.subarray(0, jsonFrom), text(json)).subarray(0, maxBytes)
  }
  let bytes = Uint8Array.from(chosen)
  for (let changes = 1 + (below(3) === 0 ? below(8) : below(2)); changes > 0; changes--)
    bytes = mutateOnce(bytes, target, below, pick)
  return bytes.subarray(0, maxBytes)
}

function mutateOnce(bytes, { seeds, tokens = [] }, below, pick) {
  const at = below(bytes.length + 1)
  const end = Math.min(bytes.length, at + 1 + below(below(4) === 0 ? 256 : 8))
  switch (below(tokens.length > 0 ? 10 : 9)) {
    case 0:
      return edited(bytes, at, end, Uint8Array.of(1 << below(8)), (old, bit) => old ^ bit)
    case 1:
      return edited(bytes, at, at + 1, Uint8Array.of(pick(interesting)))
    case 2: {
      const number = new Uint8Array(8)
      new DataView(number.buffer).setBigUint64(0, pick(wide), below(2) === 0)
      return edited(bytes, at, at + 8, number)
    }
    case 3: // remove
      return joined(bytes.subarray(0, at), bytes.subarray(end))
    case 4: // repeat, sometimes often
      return joined(
        bytes.subarray(0, end),
        repeated(bytes.subarray(at, end), 1 + below(below(8) === 0 ? 64 : 2)),
        bytes.subarray(end),
      )
    case 5: // cut
      return bytes.subarray(0, at)
    case 6: {
      // a part of a seed
      const other = pick(seeds)
      const from = below(other.length)
      return joined(bytes.subarray(0, at), other.subarray(from, from + 1 + below(64)), bytes.subarray(end))
    }
    case 7: // digits of a number
      return joined(
        bytes.subarray(0, at),
        text(pick(['0', '-1', '1', '9', '1000000000', '9007199254740992', '1e21', '1e400'])),
        bytes.subarray(end),
      )
    case 8:
      return edited(bytes, at, at + 1, Uint8Array.of(below(256)))
    default:
      return joined(bytes.subarray(0, at), text(pick(tokens)), bytes.subarray(at))
  }
}

function edited(bytes, at, end, values, combine = (_, value) => value) {
  const copy = Uint8Array.from(bytes)
  for (let i = at; i < Math.min(end, copy.length); i++)
    copy[i] = combine(copy[i], values[(i - at) % values.length])
  return copy
}

function joined(...parts) {
  return new Uint8Array(Buffer.concat(parts))
}

function repeated(part, count) {
  return Buffer.concat(Array(count).fill(part))
}

function text(value) {
  return new TextEncoder().encode(value)
}

// Mulberry32, started from both numbers.
function randomOf(seed, index) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
