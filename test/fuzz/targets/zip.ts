// Directories of zip archives, and the entries that they name.
import { readZipDirectory, readZipEntry } from '../../../lib/weights/torch/zip.js'
import { memoryFile, storedBelow } from '../inputs.js'

/** Directories are at the end: archives of little data have more changes there. */
export const seeds: readonly Uint8Array[] = [
  ...storedBelow('weights', /\.(?:pth|pt)$/, 2000),
  ...storedBelow('weights', /^zip64\.pth$/),
].filter((bytes) => bytes[0] === 0x50)

export const tokens: readonly string[] = [
  'PK\x01\x02',
  'PK\x03\x04',
  'PK\x05\x06',
  'PK\x06\x06',
  'PK\x06\x07',
]

export async function run(bytes: Uint8Array): Promise<void> {
  const file = memoryFile('model.pth', bytes)
  for (const entry of (await readZipDirectory(file)).values())
    if (entry.byteLength < 1 << 16 && !entry.obstacle) await readZipEntry(file, entry)
}
