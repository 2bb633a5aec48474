import { setImmediate } from 'node:timers/promises'
import { throwIfAborted } from '../abort.js'

/** Work that is admitted while its cost fits, in the order of arrival. What costs more than everything runs alone. */
export class Budget {
  readonly #capacity: number
  #free: number
  readonly #waiting: { readonly cost: number; readonly start: () => void }[] = []

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#free = capacity
  }

  /** Waits until the cost fits. @returns a function that gives it back */
  async take(amount: number): Promise<() => void> {
    const cost = Math.min(amount, this.#capacity)
    await new Promise<void>((start) => {
      this.#waiting.push({ cost, start })
      this.#admit()
    })
    return () => {
      this.#free += cost
      this.#admit()
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next && next.cost <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#free -= next.cost
      next.start()
    }
  }
}

/** Several loops can be in slices at once, and their slices run one after another without a pause. */
const sliceMs = 2

/**
 * Runs a loop over rows of pixels in slices of a few milliseconds, so that the event loop goes on and the signal is heard.
 * @param row false ends the loop
 * @throws ABORTED
 */
export async function inSlices(
  rows: number,
  signal: AbortSignal | undefined,
  row: (index: number) => unknown,
): Promise<void> {
  let end = performance.now() + sliceMs
  for (let index = 0; index < rows; index++) {
    if (row(index) === false) return
    if (performance.now() < end) continue
    await setImmediate()
    throwIfAborted(signal)
    end = performance.now() + sliceMs
  }
}
