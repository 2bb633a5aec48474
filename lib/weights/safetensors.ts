import { show } from '../errors.js'
import { SourceFile } from '../files/file.js'
import { lineAndColumn } from '../files/json.js'
import { JsonReader } from '../files/json-reader.js'
import { checkLimit } from '../limits.js'
import { exactProduct, type FileDType, fileDTypeBits, isFileDType, type TensorEntry } from './entry.js'

export interface SafetensorsHeader {
  readonly tensors: TensorEntry[]
  readonly metadata: ReadonlyMap<string, string>
}

/** As {@link readHeader}, for a path. @throws also FILE_NOT_FOUND */
export async function readSafetensors(path: string): Promise<SafetensorsHeader> {
  const file = await SourceFile.open(path)
  try {
    return await readHeader(file)
  } finally {
    await file.close()
  }
}

/**
 * Reads the header of a safetensors file, and checks that it is well-formed, and that the tensors cover the rest of the
 * file exactly, without holes or overlaps.
 * Format: https://github.com/huggingface/safetensors#format
 *
 * @throws WEIGHTS_CORRUPT naming the file, the tensor and the fault; LIMIT_EXCEEDED
 */
export async function readHeader(file: SourceFile): Promise<SafetensorsHeader> {
  const prefix = await file.read(0, 8, 'the length of the header')
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true))
  const dataStart = 8 + length
  if (dataStart > file.size)
    file.corrupt(`truncated: the header is at bytes 8 to ${dataStart}, the file has ${file.size}`)
  checkLimit('weightsHeaderBytes', length, `${file.path}: bytes of the header`)
  const header = parseHeader(file, await file.read(8, length, 'the header'), dataStart)
  checkCover(file, dataStart, header.tensors)
  return header
}

function parseHeader(file: SourceFile, bytes: Uint8Array, dataStart: number): SafetensorsHeader {
  if (bytes[0] !== 0x7b) file.corrupt(`the header does not begin with '{'`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    file.corrupt('the header is not UTF-8')
  }
  const reader = new JsonReader(text, {
    uniqueKeys: true,
    wholeNumbers: true,
    fail: (problem, at) => {
      const { line, column } = lineAndColumn(text, at)
      file.corrupt(`the header is not valid: ${problem} (line ${line}, column ${column})`)
    },
  })
  const metadata = new Map<string, string>()
  const tensors: TensorEntry[] = []
  reader.object((name) => {
    checkLimit('tensors', tensors.length + 1, `${file.path}: entries of the header`)
    if (name === '__metadata__') readMetadata(file, reader, metadata)
    else tensors.push(readEntry(file, reader, dataStart, name))
  })
  reader.end()
  return { tensors, metadata }
}

function readMetadata(file: SourceFile, reader: JsonReader, metadata: Map<string, string>): void {
  if (reader.peek() !== '{') file.corrupt('__metadata__ is not an object')
  reader.object((key) => {
    checkLimit('tensors', metadata.size + 1, `${file.path}: entries of __metadata__`)
    if (reader.peek() !== '"') file.corrupt(`__metadata__ holds ${show(key)}, which is not a string`)
    metadata.set(key, reader.string())
  })
}

function readEntry(file: SourceFile, reader: JsonReader, dataStart: number, name: string): TensorEntry {
  const fail = (problem: string): never => file.corrupt(`tensor ${show(name)}: ${problem}`)
  const { dtype, shape, offsets } = readFields(reader, fail)
  if (!dtype) return fail('dtype: expected an element type of the format, got nothing')
  if (!shape) return fail('shape: expected a list of sizes, got nothing')
  if (!offsets) return fail('data_offsets: expected two numbers, got nothing')
  const [begin, end] = offsets as [number, number]
  if (offsets.length !== 2) fail(`data_offsets: expected two numbers, got ${show(offsets)}`)
  if (begin > end) fail(`data_offsets: expected begin before end, got ${show(offsets)}`)
  if (dataStart + end > file.size)
    fail(`truncated: its data ends at byte ${dataStart + end}, the file at ${file.size}`)
  const bits = exactProduct([fileDTypeBits[dtype], ...shape])
  if (bits === undefined) return fail(`shape ${show(shape)} has too many elements`)
  if (bits !== (end - begin) * 8)
    fail(`shape ${show(shape)} of ${dtype} needs ${bits / 8} bytes, data_offsets give it ${end - begin}`)
  return { name, dtype, shape, file: file.path, offset: dataStart + begin, byteLength: end - begin }
}

interface Fields {
  dtype?: FileDType
  shape?: number[]
  offsets?: number[]
}

/** The fields of a tensor's description. Others are skipped. */
function readFields(reader: JsonReader, fail: (problem: string) => never): Fields {
  const fields: Fields = {}
  if (reader.peek() !== '{') return fail(`expected an object, got ${found(reader)}`)
  reader.object((key) => {
    if (key === 'dtype') {
      const dtype = reader.peek() === '"' ? reader.string() : undefined
      if (!isFileDType(dtype))
        return fail(
          `dtype: expected an element type of the format, got ${dtype === undefined ? found(reader) : show(dtype)}`,
        )
      fields.dtype = dtype
    } else if (key === 'shape') fields.shape = readNumbers(reader, fail, 'shape: expected a list of sizes')
    else if (key === 'data_offsets')
      fields.offsets = readNumbers(reader, fail, 'data_offsets: expected two numbers')
    else reader.skip()
  })
  return fields
}

function readNumbers(reader: JsonReader, fail: (problem: string) => never, expected: string): number[] {
  const numbers: number[] = []
  if (reader.peek() !== '[') return fail(`${expected}, got ${found(reader)}`)
  reader.array(() => {
    checkLimit('tensorAxes', numbers.length + 1, 'numbers in a list of the header')
    if (!/[-\d]/.test(reader.peek() ?? '')) fail(`${expected}, got ${found(reader)}`)
    numbers.push(reader.number())
  })
  return numbers
}

/** The kind of the next value, in words. */
function found(reader: JsonReader): string {
  const first = reader.peek()
  if (first === '{') return 'an object'
  if (first === '[') return 'a list'
  return first === '"' ? 'a text' : first === undefined ? 'the end of the text' : show(first)
}

function checkCover(file: SourceFile, dataStart: number, tensors: TensorEntry[]): void {
  const ends = (tensor: TensorEntry) => tensor.offset + tensor.byteLength
  const inOrder = tensors.toSorted((a, b) => a.offset - b.offset || ends(a) - ends(b))
  let at = dataStart
  for (const tensor of inOrder) {
    if (tensor.offset !== at) {
      const problem = tensor.offset < at ? 'overlaps the tensor before it' : 'leaves a hole before it'
      file.corrupt(`tensor ${show(tensor.name)} ${problem}: begins at byte ${tensor.offset}, not ${at}`)
    }
    at = ends(tensor)
  }
  if (at !== file.size) file.corrupt(`${file.size - at} bytes after the last tensor belong to none`)
}
