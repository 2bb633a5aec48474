import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from './abort.js'

/** Items between two looks at the clock. */
const itemsAtOnce = 64

/** Lets the event loop run during long work in JavaScript, so that timers, requests and signals are heard. */
export class Turns {
  readonly #sliceMs: number
  readonly #signal: AbortSignal | undefined
  #started = performance.now()

  /** @param sliceMs how long work goes on before the event loop gets a turn */
  constructor(sliceMs: number, signal: AbortSignal | undefined) {
    this.#sliceMs = sliceMs
    this.#signal = signal
  }

  /** Ends a step of the work. @throws ABORTED */
  async step(): Promise<void> {
    if (performance.now() - this.#started < this.#sliceMs) return
    await setImmediate()
    throwIfAborted(this.#signal)
    this.#started = performance.now()
  }

  /** Calls a function with each item and its index. @throws ABORTED */
  async each<T>(items: Iterable<T>, run: (item: T, index: number) => void): Promise<void> {
    let index = 0
    for (const item of items) {
      run(item, index++)
      if (index % itemsAtOnce === 0) await this.step()
    }
  }
}
