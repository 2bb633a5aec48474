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

const sliceMs = 3
let turns: Promise<unknown> = Promise.resolve()

/**
 * Waits for a turn of the event loop. Of all that wait, one goes on in each turn: the slices of several images would
 * otherwise run one after another without a pause.
 */
export async function nextTurn(signal: AbortSignal | undefined): Promise<void> {
  turns = turns.then(() => setImmediate())
  await turns
  throwIfAborted(signal)
}

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
  await nextTurn(signal)
  let end = performance.now() + sliceMs
  for (let index = 0; index < rows; index++) {
    if (row(index) === false) return
    if (performance.now() < end) continue
    await nextTurn(signal)
    end = performance.now() + sliceMs
  }
}
