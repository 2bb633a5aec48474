import { crc32 } from 'node:zlib'
import type { SourceFile } from '../../files/file.js'
import { checkLimit } from '../../limits.js'

/** A file inside a zip archive. */
export interface ZipEntry {
  readonly name: string
  readonly nameBytes: number
  /** Offset of its local header, which the data follows. */
  readonly headerOffset: number
  readonly byteLength: number
  /** Bytes in the archive: fewer than byteLength if it is compressed. */
  readonly storedBytes: number
  readonly crc32: number
  /** Why its data cannot be mapped, if so. */
  readonly obstacle: 'compressed' | 'encrypted' | undefined
}

const endBytes = 22
const end64Bytes = 56
const locator64Bytes = 20
const centralBytes = 46
const localBytes = 30
const maxCommentBytes = 0xffff

const endSignature = 0x06054b50
const end64Signature = 0x06064b50
const locator64Signature = 0x07064b50
const centralSignature = 0x02014b50
const localSignature = 0x04034b50

interface Directory {
  readonly count: number
  readonly offset: number
  readonly byteLength: number
}

/**
 * The entries of a zip archive by name, from its central directory, zip64 included.
 *
 * @throws WEIGHTS_CORRUPT if it is not a zip archive, or a corrupt one; LIMIT_EXCEEDED
 */
export async function readZipDirectory(file: SourceFile): Promise<Map<string, ZipEntry>> {
  const { count, offset, byteLength } = await findDirectory(file)
  checkLimit('weightsHeaderBytes', byteLength, `${file.path}: bytes of the zip directory`)
  checkLimit('tensors', count, `${file.path}: entries of the zip directory`)
  const view = viewOf(await file.read(offset, byteLength, 'the zip directory'))
  const entries = new Map<string, ZipEntry>()
  let at = 0
  while (at < byteLength) {
    if (at + centralBytes > byteLength || view.getUint32(at, true) !== centralSignature)
      file.corrupt(`the zip directory is corrupt after ${entries.size} entries`)
    const nameLength = view.getUint16(at + 28, true)
    const extraLength = view.getUint16(at + 30, true)
    const next = at + centralBytes + nameLength + extraLength + view.getUint16(at + 32, true)
    if (next > byteLength) file.corrupt('the last entry of the zip directory is cut off')
    const name = Buffer.from(view.buffer, view.byteOffset + at + centralBytes, nameLength).toString()
    const encrypted = (view.getUint16(at + 8, true) & 1) === 1
    const compressed = view.getUint16(at + 10, true) !== 0
    const sizes = readSizes(file, view, at, at + centralBytes + nameLength, extraLength)
    if (!compressed && !encrypted && sizes.storedBytes !== sizes.byteLength)
      file.corrupt(`the zip entry ${name} has two different sizes`)
    if (entries.has(name)) file.corrupt(`the zip directory names ${name} twice`)
    const obstacle = encrypted ? 'encrypted' : compressed ? 'compressed' : undefined
    if (entries.size === count) file.corrupt(`the zip directory has more than ${count} entries`)
    entries.set(name, {
      name,
      nameBytes: nameLength,
      ...sizes,
      obstacle,
      crc32: view.getUint32(at + 16, true),
    })
    at = next
  }
  if (entries.size !== count) file.corrupt(`the zip directory has ${entries.size} entries, not ${count}`)
  checkOverlap(file, entries, offset)
  return entries
}

/** Offset of the data of an entry. Compressed data is refused, as it cannot be mapped. */
export async function zipDataOffset(file: SourceFile, entry: ZipEntry): Promise<number> {
  if (entry.obstacle)
    file.corrupt(`the zip entry ${entry.name} is ${entry.obstacle}, which PyTorch does not write`)
  const { name, nameBytes, headerOffset } = entry
  const header = await file.read(headerOffset, localBytes + nameBytes, `the zip header of ${name}`)
  const local = viewOf(header)
  if (local.getUint32(0, true) !== localSignature)
    file.corrupt(`no zip header where ${entry.name} should begin`)
  const sameName = Buffer.from(header.subarray(localBytes)).toString() === name
  if (!sameName || local.getUint16(26, true) !== nameBytes)
    file.corrupt(`the zip directory and the entry disagree about the name ${entry.name}`)
  const offset = headerOffset + localBytes + nameBytes + local.getUint16(28, true)
  if (offset + entry.byteLength > file.size)
    file.corrupt(`truncated: ${entry.name} goes past the end of the file`)
  return offset
}

/** The data of a small entry, after a check of its checksum. */
export async function readZipEntry(file: SourceFile, entry: ZipEntry): Promise<Uint8Array> {
  const data = await file.read(await zipDataOffset(file, entry), entry.byteLength, entry.name)
  if (crc32(data) !== entry.crc32) file.corrupt(`the checksum of ${entry.name} is wrong`)
  return data
}

async function findDirectory(file: SourceFile): Promise<Directory> {
  const tailBytes = Math.min(file.size, endBytes + maxCommentBytes + locator64Bytes)
  const tailStart = file.size - tailBytes
  const tail = viewOf(await file.read(tailStart, tailBytes, 'the end of the zip archive'))
  let at = tailBytes - endBytes
  // The comment after the record may contain the signature, so the record is the one whose comment ends the file.
  while (at >= 0 && !isEnd(tail, at)) at--
  if (at < 0) return file.corrupt('not a zip archive, or a truncated one')

  const locator = at - locator64Bytes
  if (locator >= 0 && tail.getUint32(locator, true) === locator64Signature) {
    const end64 = toNumber(file, tail.getBigUint64(locator + 8, true))
    const record = viewOf(await file.read(end64, end64Bytes, 'the zip64 record'))
    if (record.getUint32(0, true) !== end64Signature)
      file.corrupt('the zip64 record is not where it should be')
    return {
      count: toNumber(file, record.getBigUint64(32, true)),
      byteLength: toNumber(file, record.getBigUint64(40, true)),
      offset: toNumber(file, record.getBigUint64(48, true)),
    }
  }
  return {
    count: tail.getUint16(at + 10, true),
    byteLength: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  }
}

function isEnd(tail: DataView, at: number): boolean {
  return (
    tail.getUint32(at, true) === endSignature &&
    at + endBytes + tail.getUint16(at + 20, true) === tail.byteLength
  )
}

/** Sizes and offset of an entry; those above 32 bits are in its zip64 field, in a fixed order. */
function readSizes(file: SourceFile, view: DataView, at: number, extra: number, extraLength: number) {
  const big: number[] = []
  for (let field = extra; field + 4 <= extra + extraLength; ) {
    const fieldBytes = view.getUint16(field + 2, true)
    if (field + 4 + fieldBytes > extra + extraLength)
      file.corrupt('an extra field of the zip directory is cut off')
    if (view.getUint16(field, true) === 1)
      for (let i = 0; i + 8 <= fieldBytes; i += 8)
        big.push(toNumber(file, view.getBigUint64(field + 4 + i, true)))
    field += 4 + fieldBytes
  }
  const size = (offset: number): number => {
    const small = view.getUint32(at + offset, true)
    if (small !== 0xffffffff) return small
    return big.shift() ?? file.corrupt('a zip64 field is missing from the zip directory')
  }
  const byteLength = size(24)
  const storedBytes = size(20)
  return { byteLength, storedBytes, headerOffset: size(42) }
}

/** Entries must be before the directory and must not overlap; overlapping entries are used in zip bombs. */
function checkOverlap(file: SourceFile, entries: Map<string, ZipEntry>, directoryOffset: number): void {
  const inOrder = [...entries.values()].sort((a, b) => a.headerOffset - b.headerOffset)
  inOrder.forEach((entry, index) => {
    const end = entry.headerOffset + localBytes + entry.nameBytes + entry.storedBytes
    const limit = inOrder[index + 1]?.headerOffset ?? directoryOffset
    if (end > limit) file.corrupt(`the zip entry ${entry.name} ends at byte ${end}, past ${limit}`)
  })
}

function toNumber(file: SourceFile, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) file.corrupt(`a zip64 number is too large: ${value}`)
  return Number(value)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
