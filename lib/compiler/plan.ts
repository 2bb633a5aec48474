import type { Value } from './layout.js'

const alignment = 64

/**
 * Assigns an offset to every arena value. Values whose lifetimes do not overlap share memory. Places the largest values
 * first, each in the lowest gap that fits, which keeps the arena close to the peak size of live values.
 * @returns bytes of the arena
 */
export function planArena(values: readonly Value[]): number {
  const planned: Value[] = []
  let arenaBytes = 0
  const unplanned = values.filter((value) => value.kind === 'arena' && value.first >= 0)
  unplanned.sort((a, b) => b.bytes - a.bytes || a.first - b.first)
  for (const value of unplanned) {
    let offset = 0
    for (const other of planned) {
      if (other.first > value.last || other.last < value.first) continue
      if (other.location >= offset + align(value.bytes)) break
      offset = Math.max(offset, other.location + align(other.bytes))
    }
    value.location = offset
    arenaBytes = Math.max(arenaBytes, offset + align(value.bytes))
    insertByOffset(planned, value)
  }
  return arenaBytes
}

/** Inserts a value into a list that is sorted by offset. */
function insertByOffset(planned: Value[], value: Value): void {
  let [low, high] = [0, planned.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (planned[middle]!.location <= value.location) low = middle + 1
    else high = middle
  }
  planned.splice(low, 0, value)
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
