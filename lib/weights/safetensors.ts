import { show } from '../errors.js'
import { SourceFile } from '../files/file.js'
import { type JsonValue, lineAndColumn, parseJson } from '../files/json.js'
import { exactProduct, fileDTypeBits, isFileDType, type TensorEntry } from './entry.js'

/** The limit of the format for the length of the header, in bytes. */
export const maxHeaderBytes = 100_000_000

export interface SafetensorsHeader {
  readonly tensors: TensorEntry[]
  readonly metadata: ReadonlyMap<string, string>
}

/**
 * Reads the header of a safetensors file, and checks that it is well-formed, and that the tensors cover the rest of the
 * file exactly, without holes or overlaps.
 * Format: https://github.com/huggingface/safetensors#format
 *
 * @throws FILE_NOT_FOUND, WEIGHTS_CORRUPT naming the file, the tensor and the fault
 */
export async function readSafetensors(path: string): Promise<SafetensorsHeader> {
  const file = await SourceFile.open(path)
  try {
    const prefix = await file.read(0, 8, 'the length of the header')
    const length = new DataView(prefix.buffer).getBigUint64(0, true)
    if (length > maxHeaderBytes)
      file.corrupt(`the length of the header: expected at most ${maxHeaderBytes} bytes, got ${length}`)
    const dataStart = 8 + Number(length)
    const bytes = await file.read(8, Number(length), 'the header')
    if (bytes[0] !== 0x7b) file.corrupt(`the header does not begin with '{'`)

    const metadata = new Map<string, string>()
    const tensors: TensorEntry[] = []
    for (const [name, value] of parseHeader(file, bytes)) {
      if (name === '__metadata__') readMetadata(file, value, metadata)
      else tensors.push(readEntry(file, dataStart, name, value))
    }
    checkCover(file, dataStart, tensors)
    return { tensors, metadata }
  } finally {
    await file.close()
  }
}

function parseHeader(file: SourceFile, bytes: Uint8Array): Map<string, JsonValue> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    file.corrupt('the header is not UTF-8')
  }
  const header = parseJson(text, {
    uniqueKeys: true,
    wholeNumbers: true,
    fail: (problem, at) => {
      const { line, column } = lineAndColumn(text, at)
      file.corrupt(`the header is not valid: ${problem} (line ${line}, column ${column})`)
    },
  })
  return header as Map<string, JsonValue> // it begins with '{'
}

function readMetadata(file: SourceFile, value: JsonValue, metadata: Map<string, string>): void {
  if (!(value instanceof Map)) file.corrupt('__metadata__ is not an object')
  for (const [key, text] of value) {
    if (typeof text !== 'string')
      file.corrupt(`__metadata__ holds ${JSON.stringify(key)}, which is not a string`)
    metadata.set(key, text)
  }
}

function readEntry(file: SourceFile, dataStart: number, name: string, value: JsonValue): TensorEntry {
  const fail = (problem: string): never => file.corrupt(`tensor ${JSON.stringify(name)}: ${problem}`)
  if (!(value instanceof Map)) return fail(`expected an object, got ${shown(value)}`)
  const dtype = value.get('dtype')
  if (!isFileDType(dtype)) return fail(`dtype: expected an element type of the format, got ${shown(dtype)}`)
  const shape = value.get('shape')
  if (!isNumbers(shape)) return fail(`shape: expected a list of sizes, got ${shown(shape)}`)
  const offsets = value.get('data_offsets')
  if (!isNumbers(offsets) || offsets.length !== 2)
    return fail(`data_offsets: expected two numbers, got ${shown(offsets)}`)

  const [begin, end] = offsets as [number, number]
  if (begin > end) fail(`data_offsets: expected begin before end, got ${shown(offsets)}`)
  if (dataStart + end > file.size)
    fail(`truncated: its data ends at byte ${dataStart + end}, the file at ${file.size}`)
  const bits = exactProduct([fileDTypeBits[dtype], ...shape])
  if (bits === undefined) return fail(`shape ${show(shape)} has too many elements`)
  if (bits !== (end - begin) * 8)
    fail(`shape ${show(shape)} of ${dtype} needs ${bits / 8} bytes, data_offsets give it ${end - begin}`)
  return { name, dtype, shape, file: file.path, offset: dataStart + begin, byteLength: end - begin }
}

function checkCover(file: SourceFile, dataStart: number, tensors: TensorEntry[]): void {
  const ends = (tensor: TensorEntry) => tensor.offset + tensor.byteLength
  const inOrder = tensors.toSorted((a, b) => a.offset - b.offset || ends(a) - ends(b))
  let at = dataStart
  for (const tensor of inOrder) {
    if (tensor.offset !== at) {
      const problem = tensor.offset < at ? 'overlaps the tensor before it' : 'leaves a hole before it'
      file.corrupt(
        `tensor ${JSON.stringify(tensor.name)} ${problem}: begins at byte ${tensor.offset}, not ${at}`,
      )
    }
    at = ends(tensor)
  }
  if (at !== file.size) file.corrupt(`${file.size - at} bytes after the last tensor belong to none`)
}

function isNumbers(value: JsonValue | undefined): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  return value instanceof Map ? 'an object' : show(value)
}
