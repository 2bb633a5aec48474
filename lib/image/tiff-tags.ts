/** A whole number of a TIFF directory. */
export interface Tag {
  /** The first value. */
  readonly value: number
  /** How many values there are. */
  readonly count: number
  /** Where the first value is, after "Exif\0\0" if that is there. */
  readonly at: number
  readonly bytes: number
  readonly little: boolean
}

const bytesOfType: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 }

/**
 * A tag of the first directory of a TIFF or of EXIF, which has the same form. Undefined if it is not there, or is no whole number.
 * @param exif with or without the six bytes "Exif\0\0" before it
 */
export function findTag(exif: Uint8Array, tag: number): Tag | undefined {
  const all = Buffer.from(exif.buffer, exif.byteOffset, exif.byteLength)
  const tiff = all.toString('latin1', 0, 6) === 'Exif\0\0' ? all.subarray(6) : all
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 16 || (order !== 'II' && order !== 'MM')) return undefined
  const little = order === 'II'
  const uint = (at: number, bytes: number) =>
    little ? tiff.readUIntLE(at, bytes) : tiff.readUIntBE(at, bytes)
  // BigTIFF has offsets and counts of 8 bytes, whose lower 6 are enough here.
  const big = uint(2, 2) === 43
  const wide = (at: number) => (big ? uint(little ? at : at + 2, 6) : uint(at, 4))
  const [directory, countSize, entrySize] = big ? [wide(8), 8, 20] : [wide(4), 2, 12]
  if (directory + countSize > tiff.length) return undefined
  const start = directory + countSize
  const stated = big ? wide(directory) : uint(directory, 2)
  const entries = Math.min(stated, 65536, Math.floor((tiff.length - start) / entrySize))
  for (let entry = 0; entry < entries; entry++) {
    const at = start + entry * entrySize
    const bytes = bytesOfType[uint(at + 2, 2)]
    const count = wide(at + 4)
    if (uint(at, 2) !== tag || bytes === undefined || count < 1) continue
    const [field, room] = big ? [at + 12, 8] : [at + 8, 4]
    // Values that do not fit into the entry are elsewhere.
    const place = count * bytes <= room ? field : wide(field)
    if (place + bytes > tiff.length) continue
    return { value: uint(place, bytes), count, at: place, bytes, little }
  }
  return undefined
}

/** A copy of a TIFF with another value in a tag. */
export function withTag(tiff: Buffer, { at, bytes, little }: Tag, value: number): Buffer {
  const copy = Buffer.from(tiff)
  if (little) copy.writeUIntLE(value, at, bytes)
  else copy.writeUIntBE(value, at, bytes)
  return copy
}
