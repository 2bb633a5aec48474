import type { Room } from '../core.js'

/** The ids of a text's words, in order: whole words, as many as it takes to fill a room or more. */
export class Words {
  readonly #room: Room
  readonly #ids: number[] = []
  readonly #starts: number[] = []

  constructor(room: Room) {
    this.#room = room
  }

  /** Whether the words that follow are cut. */
  get full(): boolean {
    return this.#room.cut === 'right' && this.#ids.length >= this.#room.tokens
  }

  push(word: Iterable<number>): void {
    this.#starts.push(this.#ids.length)
    // One by one: spreading the ids of a long text into push() overflows the stack.
    for (const id of word) this.#ids.push(id)
  }

  ids(): number[] {
    const { tokens, cut } = this.#room
    if (cut === 'right' || this.#ids.length <= tokens) return this.#ids
    const start = this.#starts.findLast((at) => this.#ids.length - at >= tokens)
    return this.#ids.slice(start)
  }
}
