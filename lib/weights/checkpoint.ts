import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { invalid, SaccadeError } from '../errors.js'
import { findWeights, isTorchFile, torchExtensions } from '../files/find.js'
import { readShardIndex } from '../files/shard-index.js'
import { type DataOf, type DType, dataConstructors, dtypeBytes } from '../graph/dtype.js'
import { type Shape, sizeOf } from '../graph/shape.js'
import type { NativeBuffer, NativeMapping } from '../runtime/native.js'
import { fromNative, getRuntime } from '../runtime/runtime.js'
import { constant, constantFrom, releaseConstant } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import { dtypeOfFile, type FileDType, type TensorEntry } from './entry.js'
import { readSafetensors } from './safetensors.js'
import { checkShards } from './shards.js'
import { readTorch } from './torch/read.js'
import type { StateDictSelector } from './torch/state-dict.js'

/** Turns a name in a checkpoint into the name that the reader of a layout asks for. */
export type Rename = (name: string) => string

export interface CheckpointOptions {
  /** Maps the names in the file to those the reader asks for. */
  readonly rename?: Rename
  /** Finds the state dict in a nested PyTorch checkpoint. */
  readonly select?: StateDictSelector
  /** false: the files are copied into memory, instead of mapped. Default true. */
  readonly mmap?: boolean
}

/**
 * Opens the weights of a folder, or one weights file: safetensors, whole or in shards, or a PyTorch checkpoint.
 * Only headers are read; the data is mapped, and read when a program uses it. A file that is cut or written to in the
 * meantime is an error of the run, not of the process.
 *
 * @param path a folder, or a file (.safetensors, .index.json, .pth, .pt, .bin)
 * @throws FILE_NOT_FOUND, WEIGHTS_CORRUPT, PICKLE_FORBIDDEN, CONFIG_INVALID (a bad index of shards), OPTION_INVALID,
 *   OUT_OF_MEMORY
 */
export async function openCheckpoint(path: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
  const file = await findWeights(path)
  const files: Files = new Map()
  try {
    const entries = file.endsWith('.index.json')
      ? await readShards(file, options, files)
      : await readWeights(file, options, files)
    return new Checkpoint(file, entries, files, options.rename)
  } catch (error) {
    for (const opened of files.values()) opened.dispose()
    throw error
  }
}

type Files = Map<string, NativeMapping>

/** Reads the header of a weights file, and adds the file to `files`. */
async function readWeights(file: string, options: CheckpointOptions, files: Files): Promise<TensorEntry[]> {
  const key = await keyOfFile(file)
  const entries = await readHeader(file, options)
  const opened = await openFile(file, options.mmap ?? true)
  files.set(file, opened)
  if (opened.key !== key)
    throw new SaccadeError('WEIGHTS_CORRUPT', `${file} was written to while its header was read: try again`)
  return entries
}

async function readHeader(file: string, options: CheckpointOptions): Promise<TensorEntry[]> {
  if (isTorchFile(file)) return readTorch(file, options.select)
  if (file.endsWith('.safetensors')) return (await readSafetensors(file)).tensors
  const extensions = ['.safetensors', '.index.json', ...torchExtensions]
  throw invalid('OPTION_INVALID', file, `a weights file (${extensions.join(', ')})`, 'another file')
}

async function readShards(
  indexFile: string,
  options: CheckpointOptions,
  files: Files,
): Promise<TensorEntry[]> {
  const dir = dirname(indexFile)
  const index = await readShardIndex(dir, basename(indexFile))
  const shards: TensorEntry[][] = []
  for (const shard of index.shards) shards.push(await readWeights(join(dir, shard), options, files))
  const entries = shards.flat()
  checkShards(index, dir, entries)
  return entries
}

/** {@link NativeMapping.key} of a file; undefined if it cannot be read. */
async function keyOfFile(file: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true })
    return `${dev}:${ino}:${size}:${mtimeNs / 1_000_000_000n}.${mtimeNs % 1_000_000_000n}`
  } catch {
    return undefined // reading the header tells why
  }
}

async function openFile(file: string, mmap: boolean): Promise<NativeMapping> {
  const { native } = getRuntime()
  try {
    return mmap ? native.mapFile(file) : await native.copyFile(file)
  } catch (error) {
    throw fromNative(error)
  }
}

/** What a checkpoint knows of a tensor without reading its data. */
export interface WeightInfo {
  readonly dtype: FileDType
  readonly shape: Shape
  readonly file: string
  /** The name in the file, before any renaming. */
  readonly publishedName: string
}

/** The tensors of a model folder by name, mapped from their files. */
export class Checkpoint {
  /** The file that was opened: the weights, or the index of shards. */
  readonly path: string
  readonly #entries: ReadonlyMap<string, TensorEntry>
  readonly #mappings: Files
  readonly #tensors = new Map<string, Tensor>()
  #disposed = false

  /** @param files the opened files of the entries, by path; the checkpoint disposes them */
  constructor(path: string, entries: readonly TensorEntry[], files: Files, rename: Rename = (name) => name) {
    const byName = new Map<string, TensorEntry>()
    for (const entry of entries) {
      const name = rename(entry.name)
      const other = byName.get(name)
      if (other)
        throw new SaccadeError(
          'WEIGHTS_CORRUPT',
          `${path} holds ${name} twice: as ${other.name} and as ${entry.name}`,
        )
      byName.set(name, entry)
    }
    this.path = path
    this.#entries = byName
    this.#mappings = files
  }

  names(): string[] {
    return [...this.#entries.keys()]
  }

  /** The files that hold the tensors. */
  get files(): string[] {
    return [...new Set([...this.#entries.values()].map(({ file }) => file))]
  }

  has(name: string): boolean {
    return this.#entries.has(name)
  }

  /** @throws TENSOR_MISSING */
  info(name: string): WeightInfo {
    const { dtype, shape, file, name: publishedName } = this.#entry(name)
    return { dtype, shape, file, publishedName }
  }

  /**
   * The tensor as a constant of the graph. Its data stays in the file, and is paged in when a program uses it.
   * @throws TENSOR_MISSING; DTYPE_MISMATCH for a type that saccade does not have; DISPOSED; OUT_OF_MEMORY;
   *   WEIGHTS_CORRUPT if the file was cut or written to since it was opened
   */
  tensor(name: string): Tensor {
    if (this.#disposed) throw new SaccadeError('DISPOSED', `the checkpoint ${this.path} was disposed`)
    const cached = this.#tensors.get(name)
    if (cached) return cached
    const entry = this.#entry(name)
    const dtype = dtypeOfFile[entry.dtype]
    if (!dtype)
      throw invalid(
        'DTYPE_MISMATCH',
        `${entry.file}: ${entry.name}`,
        Object.keys(dtypeOfFile).join(', '),
        entry.dtype,
      )
    const mapping = this.#mappings.get(entry.file)!
    const tensor = entry.strides
      ? contiguousCopy(mapping, entry, dtype)
      : constant(mapping, entry.offset, dtype, entry.shape)
    this.#tensors.set(name, tensor)
    return tensor
  }

  /** Unmaps the files. The tensors that were handed out cannot be used any more. */
  dispose(): void {
    this.#disposed = true
    for (const tensor of this.#tensors.values()) releaseConstant(tensor)
    for (const mapping of this.#mappings.values()) mapping.dispose()
    this.#tensors.clear()
    this.#mappings.clear()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #entry(name: string): TensorEntry {
    const entry = this.#entries.get(name)
    if (!entry) throw new SaccadeError('TENSOR_MISSING', `${this.path} has no tensor ${name}`)
    return entry
  }
}

/** A row-major copy of a tensor that PyTorch stored with strides, such as a transposed matrix. */
function contiguousCopy(mapping: NativeMapping, entry: TensorEntry, dtype: DType): Tensor {
  const { shape, strides, offset, byteLength } = entry as TensorEntry & { strides: readonly number[] }
  let buffer: NativeBuffer | undefined
  try {
    buffer = mapping.buffer(offset, byteLength)
    const stored = new dataConstructors[dtype](buffer.read())
    const data = new dataConstructors[dtype](new ArrayBuffer(sizeOf(shape) * dtypeBytes[dtype]))
    copyStrided(data, stored, shape, strides)
    return constantFrom(data, shape, dtype)
  } catch (error) {
    if (error instanceof RangeError)
      throw new SaccadeError('OUT_OF_MEMORY', `${entry.file}: no memory for a copy of ${entry.name}`, {
        cause: error,
      })
    throw fromNative(error)
  } finally {
    buffer?.dispose()
  }
}

function copyStrided(
  data: DataOf<DType>,
  stored: DataOf<DType>,
  shape: Shape,
  strides: readonly number[],
): void {
  const index = new Array<number>(shape.length).fill(0)
  let from = 0
  for (let to = 0; to < data.length; to++) {
    data[to] = stored[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
}
