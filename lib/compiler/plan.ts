import type { Value } from './layout.js'

const alignment = 64

/**
 * Gives every arena value a place. Values whose lives do not overlap share memory; each takes the lowest gap that fits,
 * largest values first, which keeps the arena close to the peak of what is alive at once.
 * @returns bytes of the arena
 */
export function planArena(values: readonly Value[]): number {
  const planned: Value[] = []
  let arenaBytes = 0
  const waiting = values.filter((value) => value.kind === 'arena' && value.first >= 0)
  waiting.sort((a, b) => b.bytes - a.bytes || a.first - b.first)
  for (const value of waiting) {
    let offset = 0
    for (const other of planned) {
      if (other.first > value.last || other.last < value.first) continue
      if (other.place >= offset + align(value.bytes)) break
      offset = Math.max(offset, other.place + align(other.bytes))
    }
    value.place = offset
    arenaBytes = Math.max(arenaBytes, offset + align(value.bytes))
    insertByPlace(planned, value)
  }
  return arenaBytes
}

/** Keeps a list in the order of places. */
function insertByPlace(planned: Value[], value: Value): void {
  let [low, high] = [0, planned.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (planned[middle]!.place <= value.place) low = middle + 1
    else high = middle
  }
  planned.splice(low, 0, value)
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
