import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { invalid, show } from '../errors.js'
import { fileError } from '../files/file.js'
import { checkLimit } from '../limits.js'
import { Tensor } from '../tensor/tensor.js'
import { openCheckpoint } from '../weights/checkpoint.js'
import { readSafetensors } from '../weights/safetensors.js'
import { writeRows } from '../weights/write-safetensors.js'

/** Vectors of a file, and what they are of. */
export interface StoredVectors {
  /** float32 [rows, width]. */
  readonly vectors: Tensor<'float32'>
  /** Names of files, or texts. */
  readonly inputs: readonly string[]
  /** The model that made them, if the file names it. */
  readonly model: string | undefined
}

const tensorName = 'vectors'

/** Collects vectors, and writes them: as safetensors by the ending of the path, else as JSON lines. */
export class VectorFile {
  readonly #path: string
  readonly #model: string
  readonly #inputs: string[] = []
  readonly #rows: Float32Array[] = []

  constructor(path: string, model: string) {
    this.#path = path
    this.#model = model
  }

  add(input: string, vector: Float32Array): void {
    this.#inputs.push(input)
    this.#rows.push(vector)
  }

  /** @throws EMPTY_BATCH if there are none; codes of files */
  async write(): Promise<void> {
    const [first] = this.#rows
    if (!first) throw invalid('EMPTY_BATCH', this.#path, 'at least one vector to write', 'none')
    if (isSafetensors(this.#path)) {
      const metadata = { inputs: JSON.stringify(this.#inputs), model: this.#model }
      await writeRows(this.#path, tensorName, { width: first.length, rows: this.#rows }, metadata)
      return
    }
    const lines = this.#inputs.map((input, index) =>
      JSON.stringify({ input, model: this.#model, vector: [...this.#rows[index]!] }),
    )
    try {
      await writeFile(this.#path, `${lines.join('\n')}\n`)
    } catch (cause) {
      throw fileError(this.#path, cause)
    }
  }
}

/**
 * Reads what {@link VectorFile} writes, or what `embed --json` prints.
 * @throws FILE_NOT_FOUND, WEIGHTS_CORRUPT, INPUT_INVALID, LIMIT_EXCEEDED
 */
export async function readVectors(path: string): Promise<StoredVectors> {
  return isSafetensors(path) ? readTensor(path) : readLines(path)
}

function isSafetensors(path: string): boolean {
  return path.endsWith('.safetensors')
}

async function readTensor(path: string): Promise<StoredVectors> {
  const { metadata } = await readSafetensors(path)
  using checkpoint = await openCheckpoint(path)
  const { shape, dtype } = checkpoint.info(tensorName)
  if (shape.length !== 2 || dtype !== 'F32')
    throw invalid('INPUT_INVALID', `${path}: ${tensorName}`, 'F32 [rows, width]', `${dtype} ${show(shape)}`)
  checkLimit('searchedVectors', shape[0]!, `${path}: vectors`)
  const data = (await checkpoint.tensor(tensorName).data()) as Float32Array
  const inputs = parsed(`${path}: inputs`, metadata.get('inputs') ?? '[]', 'JSON')
  const named = Array.isArray(inputs) ? inputs.map(String) : []
  return {
    vectors: Tensor.from(data, [shape[0]!, shape[1]!], 'float32'),
    inputs: Array.from({ length: shape[0]! }, (_, row) => named[row] ?? `row ${row}`),
    model: metadata.get('model'),
  }
}

async function readLines(path: string): Promise<StoredVectors> {
  const inputs: string[] = []
  const rows: number[][] = []
  let model: string | undefined
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (line.trim() === '') continue
      checkLimit('searchedVectors', rows.length + 1, `${path}: vectors`)
      const what = `${path}: line ${rows.length + 1}`
      const row = rowOf(parsed(what, line, 'JSON, or a file .safetensors'), what, rows[0]?.length)
      rows.push(row.vector)
      inputs.push(row.input)
      model ??= row.model
    }
  } catch (error) {
    throw fileError(path, error)
  }
  if (rows.length === 0) throw invalid('EMPTY_BATCH', path, 'at least one vector', 'none')
  const width = rows[0]!.length
  const all = new Float32Array(rows.length * width)
  for (const [index, row] of rows.entries()) all.set(row, index * width)
  return { vectors: Tensor.from(all, [rows.length, width], 'float32'), inputs, model }
}

interface Line {
  readonly input: string
  readonly vector: number[]
  readonly model: string | undefined
}

function rowOf(value: unknown, what: string, width: number | undefined): Line {
  const { input, vector, model } = (typeof value === 'object' && value !== null ? value : {}) as Partial<
    Record<keyof Line, unknown>
  >
  const numbers = Array.isArray(vector) ? vector.filter((each) => typeof each === 'number') : []
  if (!Array.isArray(vector) || numbers.length === 0 || numbers.length !== vector.length)
    throw invalid(
      'INPUT_INVALID',
      what,
      'an object with "input" and "vector", a list of numbers',
      show(value),
    )
  if (width !== undefined && numbers.length !== width)
    throw invalid('SHAPE_MISMATCH', what, `${width} numbers, as in the first line`, String(numbers.length))
  return {
    input: typeof input === 'string' ? input : what,
    vector: numbers,
    model: typeof model === 'string' ? model : undefined,
  }
}

function parsed(what: string, text: string, expected: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('INPUT_INVALID', what, expected, show(text), { cause })
  }
}
