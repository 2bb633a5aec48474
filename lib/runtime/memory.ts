import type { Source } from '../graph/node.js'
import type { NativeBuffer } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

let nextKey = 0

/** Native memory as the source of a leaf. */
export class BufferSource implements Source {
  readonly key: string
  readonly buffer: NativeBuffer
  readonly #onDispose = new Set<() => void>()

  /** @param key the same text for the same content; without one the source is only ever equal to itself */
  constructor(buffer: NativeBuffer, key?: string) {
    this.buffer = buffer
    this.key = key ?? `#${nextKey++}`
  }

  get disposed(): boolean {
    return this.buffer.disposed
  }

  dispose(): void {
    if (this.disposed) return
    this.buffer.dispose()
    for (const listener of this.#onDispose) listener()
    this.#onDispose.clear()
  }

  /** Calls back when the memory is let go: programs that hold it must go, too. */
  onDispose(listener: () => void): () => void {
    this.#onDispose.add(listener)
    return () => this.#onDispose.delete(listener)
  }
}

/** Native memory with a copy of the bytes of a view. */
export function sourceFrom(data: ArrayBufferView, key?: string): BufferSource {
  try {
    return new BufferSource(getRuntime().native.bufferFrom(data), key)
  } catch (error) {
    throw fromNative(error)
  }
}
