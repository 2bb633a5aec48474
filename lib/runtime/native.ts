/**
 * The interface of the addon, which native/addon implements. Every error of the addon is an Error with a `code` of
 * {@link SaccadeErrorCode}.
 */

/** Names of devices in the addon. */
export type DeviceName = 'cpu' | 'cuda'

/** Reference-counted memory of one device. Counts as external memory of the JavaScript heap, except for views of files. */
export interface NativeBuffer {
  readonly byteLength: number
  readonly device: DeviceName
  /**
   * A copy of the bytes as a new ArrayBuffer; of a view of a file with a layout, the elements in row-major order. Throws
   * OUT_OF_MEMORY, WEIGHTS_CORRUPT.
   */
  read(layout?: NativeLayout): ArrayBuffer
  /** As {@link read}, but copied off the event loop. Nothing may write to the memory meanwhile. */
  download(layout?: NativeLayout): Promise<ArrayBuffer>
  /**
   * A copy on a device, aligned for any type, made off the event loop; of a view of a file with a layout, the elements in
   * row-major order. Nothing may write to the memory meanwhile. One of the two devices must be the CPU. Rejects with
   * OUT_OF_MEMORY or WEIGHTS_CORRUPT.
   */
  copy(device: DeviceName, layout?: NativeLayout): Promise<NativeBuffer>
  /**
   * Releases the pages of a mapped file until they are read again: for weights that are packed now. Has no effect on
   * memory that is not mapped.
   */
  forget(): void
  /** Releases the memory now instead of at garbage collection. A run in flight keeps what it uses. Idempotent. */
  dispose(): void
  readonly disposed: boolean
}

/** How the elements of a weight lie in its file. */
export interface NativeLayout {
  /** 1, 2, 4 or 8. */
  readonly elementBytes: number
  /** Whether the elements are float64 and their copy is float32. A value beyond the range of float32 becomes infinite. */
  readonly narrow: boolean
  readonly shape: readonly number[]
  /** In elements. */
  readonly strides: readonly number[]
}

/**
 * The bytes of a file, read only: mapped into memory, or a private copy. What is read from a mapped file that was cut or
 * written to meanwhile is an error with code WEIGHTS_CORRUPT: of {@link NativeBuffer.read}, {@link NativeMapping.buffer}
 * and {@link NativeProgram.run}. A file that was renamed or removed stays what it was.
 */
export interface NativeMapping {
  /** Equal for the same unchanged file in the whole process: device, inode, size and modification time. */
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

/** Stops a run as soon as its device can; the CPU checks before each tile. A token is for one run. */
export interface NativeCancel {
  cancel(): void
}

/** A checked program, ready to run any number of times. */
export interface NativeProgram {
  /**
   * Runs once on its device, off the event loop, and resolves with the program's outputs. Runs of other programs share the
   * device meanwhile; those of this program start in turn (native/runtime/executor.h). Rejects with code
   * ABORTED, INDEX_OUT_OF_RANGE, OUT_OF_MEMORY, DISPOSED, SHAPE_MISMATCH (an input of the wrong size),
   * DEVICE_MISMATCH (an input on another device) or WEIGHTS_CORRUPT (a mapped file that it reads has changed).
   * @param threads number of CPU threads that work on it at the same time; 0: one for each core
   */
  run(inputs: readonly NativeBuffer[], threads: number, cancel?: NativeCancel): Promise<NativeBuffer[]>
  readonly arenaBytes: number
  dispose(): void
}

/** Properties of the machine and of this build of the addon. */
export interface NativeInfo {
  /** The instruction set in use, and all that both this build and this machine support, best first. */
  readonly isa: string
  readonly isas: readonly string[]
  readonly cpu: string
  readonly cores: number
  readonly compiler: string
  /** Version of the addon; must equal the package's. */
  readonly version: string
  /** All known devices. Reading this may take part of a second, because it starts a driver. */
  readonly devices: readonly NativeDevice[]
  /** Bytes of live buffers, and of the arenas of runs and the scratch of threads. */
  readonly memory: { readonly buffers: number; readonly arena: number }
}

export interface NativeDevice {
  readonly name: DeviceName
  readonly available: boolean
  /** Why it cannot be used; '' if it can. */
  readonly reason: string
  /** What it is, such as the GPU's name, compute capability, memory and driver; '' if it cannot be used. */
  readonly description: string
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
  /** The build of the kernels that a device uses. Packed weights of one build are not valid for another. */
  isa(device: DeviceName): string
  /** Bytes of the packed form of a [batch, K, N] matrix on a device. */
  packedBytes(device: DeviceName, batch: number, k: number, n: number, precision: number): number
  /** Whether a device has kernels of an op for activations of a 16-bit float type; codes are those of `names`. */
  computes(device: DeviceName, op: number, dtype: number): boolean
  /** Bytes of a row of K elements as the op `quantize` writes it on a device; K from 1 to 65536. */
  quantizedRowBytes(device: DeviceName, k: number): number
  /** Copies the bytes of a view to a device (default: the CPU). */
  bufferFrom(data: ArrayBufferView, device?: DeviceName): NativeBuffer
  /** Throws FILE_NOT_FOUND, OUT_OF_MEMORY. */
  mapFile(path: string): NativeMapping
  /** Copies a file into memory, off the event loop. Rejects as mapFile throws. */
  copyFile(path: string): Promise<NativeMapping>
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
