import { SaccadeError } from '../errors.js'
import type { Source } from '../graph/node.js'
import type { NativeBuffer } from './native.js'
import { fromNative, getRuntime } from './runtime.js'

type Listener = () => void

let nextKey = 0

/** Native memory as the source of a leaf. */
export class BufferSource implements Source {
  readonly key: string
  readonly buffer: NativeBuffer
  #usedUp = false
  /** Not to be reached from a listener's closure: then a source that nobody uses could never be collected. */
  readonly #listeners = new Set<Listener>()

  /** @param key the same text for the same content; without one the source is only ever equal to itself */
  constructor(buffer: NativeBuffer, key?: string) {
    this.buffer = buffer
    this.key = key ?? `#${nextKey++}`
  }

  /** Whether the memory is gone: let go of, or written over by a run that hands it on. */
  get disposed(): boolean {
    return this.#usedUp || this.buffer.disposed
  }

  /** Whether a run has written over the memory and handed it on to its result. */
  get usedUp(): boolean {
    return this.#usedUp
  }

  dispose(): void {
    if (this.buffer.disposed) return
    this.buffer.dispose()
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
  }

  /**
   * Calls back when the memory is let go of: programs that hold it must go, too. At once, if it is gone already.
   * @returns how to stop that
   */
  onRelease(listener: Listener): Listener {
    if (this.buffer.disposed) {
      listener()
      return () => {}
    }
    const listeners = this.#listeners
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Calls the listeners when the source is collected, too. For weights: what nobody disposes of must not stay for ever. */
  releaseWhenCollected(): this {
    collected.register(this, this.#listeners)
    return this
  }

  /** Marks the memory as handed on to a run. @returns how to take that back, if the run fails */
  handOn(): () => void {
    this.#usedUp = true
    return () => {
      this.#usedUp = false
    }
  }
}

const collected = new FinalizationRegistry<Set<Listener>>((listeners) => {
  for (const listener of [...listeners]) listener()
})

/** Native memory with a copy of the bytes of a view. @throws OUT_OF_MEMORY */
export function sourceFrom(data: ArrayBufferView, key?: string): BufferSource {
  try {
    return new BufferSource(getRuntime().native.bufferFrom(data), key)
  } catch (error) {
    throw fromNative(error)
  }
}

/** The memory of a leaf. @throws INTERNAL for a leaf that has none */
export function bufferOf(source: Source | undefined): NativeBuffer {
  return bufferSource(source).buffer
}

export function bufferSource(source: Source | undefined): BufferSource {
  if (source instanceof BufferSource) return source
  throw new SaccadeError('INTERNAL', `a leaf has no memory: ${source?.key ?? 'it is not computed'}`)
}
