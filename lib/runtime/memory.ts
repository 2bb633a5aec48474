import { SaccadeError } from '../errors.js'
import type { Node, Source } from '../graph/node.js'
import type { NativeBuffer, NativeLayout } from './native.js'
import { fromNative, getRuntime } from './runtime.js'
import { joinSessions, type Session } from './session.js'

type Listener = () => void

/**
 * More bytes than this are copied off the event loop: they take more than a millisecond. So are those of another device
 * than the CPU, as the copy may have to wait for others.
 */
const maxReadOnLoop = 1 << 20

let nextKey = 0

/** The source of a leaf: native memory. */
export class BufferSource implements Source {
  readonly key: string
  /** The session that computed it; undefined for data of the caller, and for results that no session was requested for. */
  readonly session: Session | undefined
  /** The memory. */
  readonly buffer: NativeBuffer
  /** Of a weight whose layout in its file no program can use: programs need a copy (placement.ts). */
  readonly layout: NativeLayout | undefined
  #disposed = false
  #consumed = false
  #holders = 0
  readonly #reads = new Set<Promise<unknown>>()
  /** A listener must not reference the source: otherwise an unused source could never be collected. */
  readonly #listeners = new Set<Listener>()

  /** @param key equal keys mean equal content; default: a unique key */
  constructor(buffer: NativeBuffer, key?: string, session?: Session, layout?: NativeLayout) {
    this.buffer = buffer
    this.layout = layout
    this.session = session
    this.key = key ?? `#${nextKey++}`
  }

  /** Whether the content is gone: disposed, or overwritten in place by a run. */
  get disposed(): boolean {
    return this.#disposed || this.#consumed
  }

  /** Whether a run has overwritten the memory in place. It belongs to the run's result now. */
  get consumed(): boolean {
    return this.#consumed
  }

  /** Releases the memory, as soon as there are no holders. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#holders === 0) this.buffer.dispose()
    for (const listener of [...this.#listeners]) listener()
    this.#listeners.clear()
  }

  /** Keeps the memory even if the source is disposed meanwhile. @returns a function that ends the hold */
  hold(): () => void {
    this.#holders++
    return () => {
      this.#holders--
      if (this.#disposed && this.#holders === 0) this.buffer.dispose()
    }
  }

  /**
   * A copy of the content, in row-major order; a promise if it is copied off the event loop: much, or from another device.
   * @param byteLength of the content, which the caller knows: asking the addon takes part of a microsecond
   * @throws OUT_OF_MEMORY, WEIGHTS_CORRUPT; the promise rejects with them
   */
  read(byteLength: number): ArrayBuffer | Promise<ArrayBuffer> {
    const onHost = this.session === undefined || this.session.device === 'cpu'
    const small = onHost && !this.layout && byteLength <= maxReadOnLoop
    return small ? this.readNow() : this.#download()
  }

  async #download(): Promise<ArrayBuffer> {
    let read: Promise<ArrayBuffer> | undefined
    try {
      read = this.buffer.download(this.layout)
      this.#reads.add(read)
      return await read
    } catch (error) {
      throw fromNative(error)
    } finally {
      if (read) this.#reads.delete(read)
    }
  }

  /** As {@link read}, on the event loop. */
  readNow(): ArrayBuffer {
    try {
      return this.buffer.read(this.layout)
    } catch (error) {
      throw fromNative(error)
    }
  }

  /** Whether the content is being copied off the event loop: a run must not overwrite it meanwhile. */
  get beingRead(): boolean {
    return this.#reads.size > 0
  }

  /** Waits for the copies that are being made. */
  async readsEnd(): Promise<void> {
    await Promise.allSettled(this.#reads)
  }

  /** Marks the memory as overwritten by a run. @returns a function that takes the mark back if the run fails */
  consume(): () => void {
    this.#consumed = true
    return () => {
      this.#consumed = false
    }
  }

  /**
   * Calls the listener when the source is disposed, or now if it is disposed already: programs that hold its memory must
   * be disposed too.
   * @returns a function that removes the listener
   */
  onDispose(listener: Listener): Listener {
    if (this.#disposed) {
      listener()
      return () => {}
    }
    const listeners = this.#listeners
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  /** Calls the listeners also when the source is garbage-collected, so that weights without dispose() do not leak. */
  disposeWhenCollected(): this {
    collected.register(this, this.#listeners)
    return this
  }
}

const collected = new FinalizationRegistry<Set<Listener>>((listeners) => {
  for (const listener of [...listeners]) listener()
})

/** A source with a copy of the bytes of a view. @throws OUT_OF_MEMORY */
export function sourceFrom(data: ArrayBufferView, key?: string): BufferSource {
  try {
    return new BufferSource(getRuntime().native.bufferFrom(data), key)
  } catch (error) {
    throw fromNative(error)
  }
}

/** The session that computed the data, if any; see {@link joinSessions}. @throws DEVICE_MISMATCH */
export function carriedSession(leaves: readonly Node[]): Session | undefined {
  let session: Session | undefined
  for (const { source } of leaves)
    if (source instanceof BufferSource) session = joinSessions(session, source.session)
  return session
}

/** Holds the memory of several sources. @returns a function that ends the hold */
export function holdAll(sources: Iterable<Source>): () => void {
  const releases = [...sources].flatMap((source) => (source instanceof BufferSource ? [source.hold()] : []))
  return () => {
    for (const release of releases) release()
  }
}

/** The buffer of a leaf. @throws INTERNAL for a leaf without memory */
export function bufferOf(source: Source | undefined): NativeBuffer {
  return bufferSource(source).buffer
}

export function bufferSource(source: Source | undefined): BufferSource {
  if (source instanceof BufferSource) return source
  throw new SaccadeError('INTERNAL', `a leaf has no memory: ${source?.key ?? 'not computed'}`)
}
