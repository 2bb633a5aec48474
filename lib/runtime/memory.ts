import { SaccadeError } from '../errors.js'
import type { Node, Source } from '../graph/node.js'
import type { NativeBuffer } from './native.js'
import { fromNative, getRuntime } from './runtime.js'
import { joinSessions, type Session } from './session.js'

type Listener = () => void

let nextKey = 0

/** Native memory as the source of a leaf. */
export class BufferSource implements Source {
  readonly key: string
  readonly buffer: NativeBuffer
  /** The session that computed it; undefined for data that was given, and what was computed of such data alone. */
  readonly session: Session | undefined
  #disposed = false
  #usedUp = false
  #holders = 0
  /** Not to be reached from a listener's closure: then a source that nobody uses could never be collected. */
  readonly #listeners = new Set<Listener>()

  /** @param key the same text for the same content; without one the source is only ever equal to itself */
  constructor(buffer: NativeBuffer, key?: string, session?: Session) {
    this.buffer = buffer
    this.session = session
    this.key = key ?? `#${nextKey++}`
  }

  /** Whether the memory is gone: let go of, or written over by a run that hands it on. */
  get disposed(): boolean {
    return this.#disposed || this.#usedUp
  }

  /** Whether a run has written over the memory and handed it on to its result. */
  get usedUp(): boolean {
    return this.#usedUp
  }

  /** Lets go of the memory, as soon as nobody holds it. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#holders === 0) this.buffer.dispose()
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
  }

  /** Keeps the memory, even if the source is disposed of meanwhile. @returns how to let it go */
  hold(): () => void {
    this.#holders++
    return () => {
      this.#holders--
      if (this.#disposed && this.#holders === 0) this.buffer.dispose()
    }
  }

  /** Marks the memory as handed on to a run. @returns how to take that back, if the run fails */
  handOn(): () => void {
    this.#usedUp = true
    return () => {
      this.#usedUp = false
    }
  }

  /**
   * Calls back when the source is disposed of: programs that hold its memory must go, too. At once, if it is already.
   * @returns how to stop that
   */
  onRelease(listener: Listener): Listener {
    if (this.#disposed) {
      listener()
      return () => {}
    }
    const listeners = this.#listeners
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Calls the listeners when the source is collected, too: weights that nobody disposes of must not stay for ever. */
  releaseWhenCollected(): this {
    collected.register(this, this.#listeners)
    return this
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

/** The session that data carries, if any of it does. @throws DEVICE_MISMATCH */
export function carriedSession(leaves: readonly Node[]): Session | undefined {
  let session: Session | undefined
  for (const { source } of leaves)
    if (source instanceof BufferSource) session = joinSessions(session, source.session)
  return session
}

/** Keeps the memory of leaves. @returns how to let it go */
export function holdAll(sources: Iterable<Source>): () => void {
  const releases = [...sources].flatMap((source) => (source instanceof BufferSource ? [source.hold()] : []))
  return () => {
    for (const release of releases) release()
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
