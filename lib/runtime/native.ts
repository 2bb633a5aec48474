/**
 * The face of the addon, as lib/ sees it. Its C++ side is native/addon. Nothing here throws strings: every error
 * of the addon is an Error with a `code` of {@link SaccadeErrorCode}.
 */

/** Bytes owned by native memory: 64-byte aligned, counted as external memory of the JavaScript heap, shared. */
export interface NativeBuffer {
  readonly byteLength: number
  /** A copy of `byteLength` bytes from `offset` (default: all of it) as a fresh ArrayBuffer. */
  read(offset?: number, byteLength?: number): ArrayBuffer
  /**
   * Lets the pages of a mapped file go until they are read again: for weights that were packed and are not needed as
   * they are. Does nothing to memory that is not mapped.
   */
  forget(): void
  /** Lets go of the memory now instead of at collection. A run in flight keeps what it uses. Idempotent. */
  dispose(): void
  readonly disposed: boolean
}

/** A file mapped read-only into memory. */
export interface NativeMapping {
  /** Same text for the same unchanged file anywhere in the process: device, inode, size and modification time. */
  readonly key: string
  readonly byteLength: number
  /**
   * A view of the mapping as a buffer: no copy where the offset is a multiple of `alignment`, which is the size of the
   * elements (default: 8, the widest). Keeps the mapping alive.
   */
  buffer(offset: number, byteLength: number, alignment?: number): NativeBuffer
  dispose(): void
}

/** Stops a run between tiles. One token serves one run. */
export interface NativeCancel {
  cancel(): void
}

/** A checked program, ready to run any number of times. */
export interface NativeProgram {
  /**
   * Queues one run on the runtime's own threads and resolves with the program's outputs. Rejects with code ABORTED,
   * INDEX_OUT_OF_RANGE, OUT_OF_MEMORY, DISPOSED or SHAPE_MISMATCH (an input of the wrong size).
   * @param threads how many threads may work on it; 0: as many as the machine has cores
   */
  run(inputs: readonly NativeBuffer[], threads: number, cancel?: NativeCancel): Promise<NativeBuffer[]>
  readonly arenaBytes: number
  dispose(): void
}

/** What the machine and this build of the addon can do. */
export interface NativeInfo {
  /** The instruction set in use, and those this build and this machine both have, best first. */
  readonly isa: string
  readonly isas: readonly string[]
  readonly cpu: string
  readonly cores: number
  readonly compiler: string
  /** Version of the addon; must equal the package's. */
  readonly version: string
  readonly cuda: {
    readonly built: boolean
    readonly available: boolean
    readonly reason: string
    readonly name?: string
  }
  /** Bytes of native memory alive, and of the arena that runs share. */
  readonly memory: { readonly buffers: number; readonly arena: number }
}

/** Names in the order of the native enumerations (native/runtime/kernel.h), so that lib/ looks codes up by name. */
export interface NativeNames {
  readonly ops: readonly string[]
  readonly dtypes: readonly string[]
  readonly unary: readonly string[]
  readonly binary: readonly string[]
  readonly reduce: readonly string[]
  readonly precision: readonly string[]
}

export interface Native {
  info(): NativeInfo
  readonly names: NativeNames
  /** Copies the bytes of a view. */
  bufferFrom(data: ArrayBufferView): NativeBuffer
  mapFile(path: string): NativeMapping
  /** Bytes of the packed form of a [batch, K, N] matrix in the instruction set in use. */
  packedBytes(batch: number, k: number, n: number, precision: number): number
  /**
   * The process-wide store of folded constants, shared by programs and worker threads. `publishConstant` returns the
   * buffer already stored under the key if another thread was first. Entries live as long as a buffer is alive.
   */
  findConstant(key: string): NativeBuffer | undefined
  publishConstant(key: string, buffer: NativeBuffer): NativeBuffer
  createCancel(): NativeCancel
  /** Checks the program (see native/runtime/program.h for the encoding) and throws INTERNAL if it is malformed. */
  createProgram(code: Float64Array, constants: readonly NativeBuffer[]): NativeProgram
}
