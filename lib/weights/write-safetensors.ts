import { writeFile } from 'node:fs/promises'
import { fileError } from '../files/file.js'

/** A float32 matrix, whose rows are given one by one. */
export interface Rows {
  readonly width: number
  readonly rows: readonly Float32Array[]
}

/**
 * Writes one float32 tensor [rows, width] as a safetensors file.
 * @throws FILE_NOT_FOUND, and other codes of files, if it cannot be written
 */
export async function writeRows(
  path: string,
  name: string,
  { width, rows }: Rows,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const length = rows.length * width * 4
  const entry = { dtype: 'F32', shape: [rows.length, width], data_offsets: [0, length] }
  const header = JSON.stringify({ __metadata__: metadata, [name]: entry })
  // The data begins at a multiple of 8 bytes.
  const padded = header + ' '.repeat((8 - (Buffer.byteLength(header) % 8)) % 8)
  const start = Buffer.alloc(8)
  start.writeBigUInt64LE(BigInt(Buffer.byteLength(padded)))
  const bytes = rows.map((row) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength))
  try {
    await writeFile(path, [start, Buffer.from(padded), ...bytes])
  } catch (cause) {
    throw fileError(path, cause)
  }
}
