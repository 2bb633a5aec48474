import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { dispose } from '../dispose.js'
import { invalid, SaccadeError, shorten } from '../errors.js'
import { findWeights, isTorchFile, torchExtensions } from '../files/find.js'
import { readShardIndex } from '../files/shard-index.js'
import type { Shape } from '../graph/shape.js'
import { checkLimit } from '../limits.js'
import type { NativeMapping } from '../runtime/native.js'
import { fromNative, getRuntime } from '../runtime/runtime.js'
import { constant, releaseConstant } from '../tensor/constant.js'
import type { Tensor } from '../tensor/tensor.js'
import { dtypeOfFile, type FileDType, type TensorEntry } from './entry.js'
import { layoutOf } from './layout.js'
import { type Rename, withoutWrappers } from './names.js'
import { readSafetensors } from './safetensors.js'
import { mergeShards } from './shards.js'
import { readTorch } from './torch/read.js'
import type { StateDictSelector } from './torch/state-dict.js'

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
  let entries: TensorEntry[] = []
  for (const shard of index.shards) {
    entries = entries.concat(await readWeights(join(dir, shard), options, files))
    checkLimit('tensors', entries.length, `${indexFile}: tensors of all shards`)
  }
  return mergeShards(index, dir, entries)
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
  /** Of the first element in the file, in bytes. Tied weights may have one place. */
  readonly offset: number
  /** The name in the file, before any renaming. */
  readonly publishedName: string
}

/** The tensors of a model folder by name, mapped from their files. */
export class Checkpoint {
  /** The file that was opened: the weights, or the index of shards. */
  readonly path: string
  /** Names in the files that do not have this prefix are not names of the checkpoint. */
  readonly prefix: string
  readonly #entries: readonly TensorEntry[]
  readonly #rename: Rename
  readonly #byName = new Map<string, TensorEntry>()
  readonly #outside: string[] = []
  readonly #mappings: Files
  /** By place in the files, so that tied weights with one storage are one tensor. */
  readonly #tensors: Map<string, Tensor>
  #disposed = false

  /**
   * @param files the opened files of the entries, by path; the checkpoint disposes them
   * @param tensors those of a checkpoint of the same files, to share them
   */
  constructor(
    path: string,
    entries: readonly TensorEntry[],
    files: Files,
    rename: Rename = (name) => name,
    prefix = '',
    tensors = new Map<string, Tensor>(),
  ) {
    this.path = path
    this.prefix = prefix
    this.#entries = entries
    this.#rename = rename
    this.#mappings = files
    this.#tensors = tensors
    for (const entry of entries) {
      const full = withoutWrappers(entry.name)
      if (full.startsWith(prefix)) this.#add(rename(full.slice(prefix.length)), entry)
      else this.#outside.push(full)
    }
  }

  #add(name: string, entry: TensorEntry): void {
    const other = this.#byName.get(name)
    if (other)
      throw new SaccadeError(
        'WEIGHTS_CORRUPT',
        `${this.path} holds ${shorten(name)} twice: as ${shorten(other.name)} and as ${shorten(entry.name)}`,
      )
    this.#byName.set(name, entry)
  }

  /** The tensors whose names begin with a prefix, without it. Both checkpoints have the same files. */
  under(prefix: string): Checkpoint {
    return new Checkpoint(this.path, this.#entries, this.#mappings, this.#rename, prefix, this.#tensors)
  }

  /** Names in the files without the prefix. */
  get outside(): readonly string[] {
    return this.#outside
  }

  names(): string[] {
    return [...this.#byName.keys()]
  }

  /** The files that hold the tensors. */
  get files(): string[] {
    return [...new Set(this.#entries.map(({ file }) => file))]
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** @throws TENSOR_MISSING */
  info(name: string): WeightInfo {
    const { dtype, shape, file, offset, name: publishedName } = this.#entry(name)
    return { dtype, shape, file, offset, publishedName }
  }

  /**
   * The tensor as a constant of the graph, float64 as float32. Its data stays in the file, and is paged in when a program uses it.
   * @throws TENSOR_MISSING; DTYPE_MISMATCH for a type that saccade does not have; DISPOSED; OUT_OF_MEMORY;
   *   WEIGHTS_CORRUPT if the file was cut or written to since it was opened
   */
  tensor(name: string): Tensor {
    if (this.#disposed) throw new SaccadeError('DISPOSED', `the checkpoint ${this.path} was disposed`)
    const entry = this.#entry(name)
    const { file, offset, dtype, shape, strides = [] } = entry
    const place = `${file}@${offset} ${dtype} ${shape} ${strides}`
    const tensor = this.#tensors.get(place) ?? this.#read(entry)
    this.#tensors.set(place, tensor)
    return tensor
  }

  #read(entry: TensorEntry): Tensor {
    const mapping = this.#mappings.get(entry.file)!
    const dtype = dtypeOfFile[entry.dtype]
    if (!dtype)
      throw invalid(
        'DTYPE_MISMATCH',
        `${entry.file}: ${shorten(entry.name)}`,
        Object.keys(dtypeOfFile).join(', '),
        entry.dtype,
      )
    const { offset, shape, byteLength } = entry
    const layout = layoutOf(entry)
    return constant(mapping, offset, dtype, shape, layout && { byteLength, layout })
  }

  /** Unmaps the files. The tensors that were handed out cannot be used any more. */
  dispose(): void {
    this.#disposed = true
    for (const tensor of this.#tensors.values()) releaseConstant(tensor)
    for (const mapping of this.#mappings.values()) mapping.dispose()
    this.#tensors.clear()
    this.#mappings.clear()
  }

  [dispose](): void {
    this.dispose()
  }

  #entry(name: string): TensorEntry {
    const entry = this.#byName.get(name)
    if (!entry) throw new SaccadeError('TENSOR_MISSING', `${this.path} has no tensor ${shorten(name)}`)
    return entry
  }
}
