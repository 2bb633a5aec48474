/**
 * The face of the addon, as lib/ sees it. Its C++ side is native/addon. Nothing here throws strings: every error
 * of the addon is an Error with a `code` of {@link SaccadeErrorCode}.
 */

/** Devices by the names the addon has for them. */
export type DeviceName = 'cpu' | 'cuda'

/** Memory of one device, shared by all that use it. What is not a view of a file counts as external memory of the JavaScript heap. */
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
   * A part of the file as a buffer on a device (default: the CPU). On the CPU it is a view, which keeps the mapping
   * alive, if the offset is a multiple of `alignment`: the size of the elements (default: 8, the widest). Otherwise it
   * is a copy.
   */
  buffer(offset: number, byteLength: number, alignment?: number, device?: DeviceName): NativeBuffer
  dispose(): void
}

/** Stops a run as soon as its device can: the CPU within a tile. One token serves one run. */
export interface NativeCancel {
  cancel(): void
}

/** A checked program, ready to run any number of times. */
export interface NativeProgram {
  /**
   * Queues one run on its device, off the event loop, and resolves with the program's outputs. Rejects with code
   * ABORTED, INDEX_OUT_OF_RANGE, OUT_OF_MEMORY, DISPOSED, SHAPE_MISMATCH (an input of the wrong size) or
   * DEVICE_MISMATCH (an input on another device).
   * @param threads how many threads of the CPU may work on it; 0: as many as there are cores
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
  /** All devices there could be. Asking may take part of a second, as a driver is started. */
  readonly devices: readonly NativeDevice[]
  /** Bytes of native memory alive, and of the arena that runs share. */
  readonly memory: { readonly buffers: number; readonly arena: number }
}

export interface NativeDevice {
  readonly name: DeviceName
  readonly available: boolean
  /** Why it cannot be used; '' if it can. */
  readonly reason: string
}

/** Names in the order of the native enumerations (native/runtime/op.h), so that lib/ looks codes up by name. */
export interface NativeNames {
  readonly ops: readonly string[]
  readonly dtypes: readonly string[]
  readonly unary: readonly string[]
  readonly binary: readonly string[]
  readonly reduce: readonly string[]
  readonly precision: readonly string[]
}

/** Functions that take a device throw OPTION_INVALID for an unknown one, DEVICE_UNAVAILABLE for one that cannot be used. */
export interface Native {
  info(): NativeInfo
  readonly names: NativeNames
  /** The build of the kernels that a device uses: weights packed for one are of no use to another. */
  isa(device: DeviceName): string
  /** Bytes of the packed form of a [batch, K, N] matrix on a device. */
  packedBytes(device: DeviceName, batch: number, k: number, n: number, precision: number): number
  /** Bytes of a row of K elements as the op `quantize` writes it on a device; K from 1 to 65536. */
  quantizedRowBytes(device: DeviceName, k: number): number
  /** Copies the bytes of a view to a device (default: the CPU). */
  bufferFrom(data: ArrayBufferView, device?: DeviceName): NativeBuffer
  mapFile(path: string): NativeMapping
  /**
   * The process-wide store of folded constants, shared by programs and worker threads. `publishConstant` returns the
   * buffer already stored under the key if another thread was first. Entries live as long as a buffer is alive.
   */
  findConstant(key: string): NativeBuffer | undefined
  publishConstant(key: string, buffer: NativeBuffer): NativeBuffer
  createCancel(): NativeCancel
  /**
   * Checks a program (native/runtime/program.md has the encoding) and prepares it for a device (default: the CPU).
   * Throws INTERNAL if it is malformed, DEVICE_MISMATCH for a constant on another device.
   */
  createProgram(code: Float64Array, constants: readonly NativeBuffer[], device?: DeviceName): NativeProgram
}
