import type { Pickled } from './value.js'

/** The stack of a pickle's machine, with the marks that its instructions put on it. */
export class PickleStack {
  readonly #values: Pickled[] = []
  /** Heights of the stack where a mark is. */
  readonly #marks: number[] = []
  readonly #fail: (problem: string) => never

  constructor(fail: (problem: string) => never) {
    this.#fail = fail
  }

  get empty(): boolean {
    return this.#values.length === 0 && this.#marks.length === 0
  }

  push(value: Pickled): void {
    this.#values.push(value)
  }

  mark(): void {
    this.#marks.push(this.#values.length)
  }

  top(): Pickled {
    return this.#values[this.#startOf(1)]!
  }

  pop(): Pickled {
    this.#startOf(1)
    return this.#values.pop()!
  }

  popSome(count: number): Pickled[] {
    return this.#values.splice(this.#startOf(count))
  }

  /** The values above the last mark. */
  popMark(): Pickled[] {
    return this.#values.splice(this.#marks.pop() ?? this.#fail(tooFew))
  }

  /** Index of the last values. Those below the last mark are out of reach of instructions that take a fixed number. */
  #startOf(count: number): number {
    const start = this.#values.length - count
    return start >= (this.#marks.at(-1) ?? 0) ? start : this.#fail(tooFew)
  }
}

const tooFew = 'it pops more values than it pushed'
