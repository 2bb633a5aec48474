import { checkLimit } from '../../limits.js'
import { type Instruction, ops, type Program } from './instruction.js'

/** A short text may take the steps of this many characters. */
const leastLength = 10_000

/** Ints of an entry of the stack: an instruction, a position, and for a span the least position. */
const entrySize = 3

/** One text in which a pattern is matched, and what is known of it so far. */
export class Run {
  readonly #code: readonly Instruction[]
  readonly #text: string
  readonly #what: string
  readonly #budget: number
  #steps = 0
  /** What is to be tried if the current way fails. */
  #stack = new Int32Array(64 * entrySize)
  #top = 0
  /** A bit for each loop and position from which the rest of the pattern failed. */
  readonly #loops: number
  #failed: Uint8Array | undefined
  /** For each span: the last run of its set, and the least position in it behind which the rest of the pattern failed. */
  readonly #runStart: Int32Array
  readonly #runEnd: Int32Array
  readonly #failedFrom: Int32Array

  constructor({ code, loops, spans }: Program, text: string, what: string) {
    this.#code = code
    this.#text = text
    this.#what = what
    this.#loops = loops
    this.#budget = Math.max(text.length, leastLength)
    this.#runStart = new Int32Array(spans).fill(-1)
    this.#runEnd = new Int32Array(spans).fill(-1)
    this.#failedFrom = new Int32Array(spans)
  }

  /** The end of the match that begins at a position, or -1. */
  matchAt(at: number): number {
    this.#top = 0
    return this.#match(0, at, -1)
  }

  /** The first position from another on where the first instruction allows a match to begin, or the length of the text. */
  nextStart(from: number): number {
    const first = this.#code[0]!
    const guarded = first.op === ops.set || (first.op === ops.span && first.min > 0)
    if (!guarded) return from
    let at = from
    while (at < this.#text.length) {
      const code = this.#codeAt(at)
      if (first.set!.has(code)) break
      at += code > 0xffff ? 2 : 1
    }
    return at
  }

  /** Runs from an instruction to `match`. @param mustEnd the only position where a match may end, or -1 */
  #match(start: number, at: number, mustEnd: number): number {
    const base = this.#top
    let pc = start
    let pos = at
    for (;;) {
      if (++this.#steps > this.#checkAt) this.#checkSteps()
      const next = this.#code[pc]!
      let ok = true
      pc++
      switch (next.op) {
        case ops.char:
        case ops.set: {
          const code = this.#codeAt(pos)
          ok = next.op === ops.char ? code === next.code : code >= 0 && next.set!.has(code)
          if (ok) pos += code > 0xffff ? 2 : 1
          break
        }
        case ops.split:
          if (!this.#canBegin(next, pos)) pc = next.second
          else if (next.slot >= 0 && this.#hasFailed(next.slot, pos)) ok = false
          else {
            this.#push(pc - 1, pos, 0)
            pc = next.first
          }
          break
        case ops.jump:
          pc = next.first
          break
        case ops.span:
        case ops.possessive:
          pos = this.#span(next, pc - 1, pos)
          ok = pos >= 0
          break
        case ops.peekAhead:
        case ops.peekBehind: {
          const code = next.op === ops.peekAhead ? this.#codeAt(pos) : this.#codeBefore(pos)
          ok = (code >= 0 && next.set!.has(code)) !== next.negated
          break
        }
        case ops.lookAhead:
          ok = this.#match(next.first, pos, -1) >= 0 !== next.negated
          pc = next.second
          break
        case ops.lookBehind:
          ok = this.#matchBefore(next, pos) !== next.negated
          pc = next.second
          break
        case ops.atomic:
          pos = this.#match(next.first, pos, -1)
          ok = pos >= 0
          pc = next.second
          break
        case ops.advanced:
          if (this.#isSince(next.first, pos, base)) pc = next.second
          break
        case ops.textStart:
          ok = pos === 0
          break
        case ops.textEnd:
          ok = pos === this.#text.length
          break
        case ops.match:
          ok = mustEnd < 0 || pos === mustEnd
          if (!ok) break
          this.#top = base
          return pos
      }
      if (ok) continue
      if (!this.#backtrack(base)) return -1
      pc = this.#pc
      pos = this.#pos
    }
  }

  /** Where #backtrack goes on. */
  #pc = 0
  #pos = 0

  /** Takes the last way that is left. Returns false if there is none. */
  #backtrack(base: number): boolean {
    while (this.#top > base) {
      this.#top -= entrySize
      const entry = this.#stack[this.#top]!
      const pos = this.#stack[this.#top + 1]!
      // An entry that is negative: both ways of a split in a loop have failed.
      const next = this.#code[entry < 0 ? ~entry : entry]!
      if (next.op === ops.span) {
        if (this.#shorten(next, entry, pos, this.#stack[this.#top + 2]!)) return true
      } else if (entry < 0) {
        if (next.slot >= 0) this.#setFailed(next.slot, pos)
      } else {
        // The entry stays while its second way is tried: #isSince looks for it.
        if (next.max > 0) this.#push(~entry, pos, 0)
        this.#pc = next.second
        this.#pos = pos
        return true
      }
    }
    return false
  }

  /** The end of a repetition of a set, as long as possible; -1 if it is too short. */
  #span(span: Instruction, pc: number, from: number): number {
    const { min, max, slot } = span
    const least = this.#scan(span, from, min)
    if (least < 0) return -1
    const end = slot < 0 ? this.#scan(span, from, max, 0) : this.#untriedEnd(span, from)
    if (end < least) return -1
    if (span.op === ops.span && (end > least || slot >= 0)) this.#push(pc, end, least)
    return end
  }

  /** The end of at most `count` code points of a set; -1 if there are fewer than `least`. */
  #scan({ set }: Instruction, from: number, count: number, least = count): number {
    let end = from
    let done = 0
    for (; done < count; done++) {
      const code = this.#codeAt(end)
      if (code < 0 || !set!.has(code)) break
      end += code > 0xffff ? 2 : 1
    }
    this.#steps += done
    return done < least ? -1 : end
  }

  /** The largest end of an unbounded repetition behind which the rest of the pattern has not failed yet. */
  #untriedEnd({ set, slot }: Instruction, from: number): number {
    const start = this.#runStart[slot]!
    if (from < start || from > this.#runEnd[slot]!) {
      let end = from
      // A run that reaches the one that is known is one with it.
      while (end !== start) {
        const code = this.#codeAt(end)
        if (code < 0 || !set!.has(code)) break
        end += code > 0xffff ? 2 : 1
      }
      this.#steps += end - from
      this.#runStart[slot] = from
      if (end !== start) {
        this.#runEnd[slot] = end
        this.#failedFrom[slot] = end + 1
      }
    }
    const [end, failed] = [this.#runEnd[slot]!, this.#failedFrom[slot]!]
    return failed > end ? end : this.#before(failed)
  }

  /** Gives back one code point of a span. Returns false if it would be too short. */
  #shorten({ slot }: Instruction, pc: number, pos: number, least: number): boolean {
    if (slot >= 0 && this.#runStart[slot]! <= pos && pos <= this.#runEnd[slot]!)
      this.#failedFrom[slot] = Math.min(this.#failedFrom[slot]!, pos)
    const shorter = this.#before(pos)
    if (shorter < least) return false
    this.#push(pc, shorter, least)
    this.#pc = pc + 1
    this.#pos = shorter
    return true
  }

  #matchBefore({ first, min, max }: Instruction, pos: number): boolean {
    let from = pos
    for (let count = 0; count <= max; count++) {
      if (count >= min && this.#match(first, from, pos) >= 0) return true
      if (from === 0) return false
      from = this.#before(from)
    }
    return false
  }

  /** Whether the last entry of a split is at the same position: nothing was matched since. */
  #isSince(split: number, pos: number, base: number): boolean {
    for (let at = this.#top - entrySize; at >= base && this.#stack[at + 1] === pos; at -= entrySize)
      if (this.#stack[at] === split || this.#stack[at] === ~split) return true
    return false
  }

  #canBegin({ code, set }: Instruction, pos: number): boolean {
    if (set !== undefined) {
      const found = this.#codeAt(pos)
      return found >= 0 && set.has(found)
    }
    return code < 0 || this.#codeAt(pos) === code
  }

  #hasFailed(loop: number, pos: number): boolean {
    const bit = pos * this.#loops + loop
    return this.#failed !== undefined && (this.#failed[bit >> 3]! & (1 << (bit & 7))) !== 0
  }

  #setFailed(loop: number, pos: number): void {
    const bit = pos * this.#loops + loop
    this.#failed ??= new Uint8Array(((this.#text.length + 1) * this.#loops + 7) >> 3)
    this.#failed[bit >> 3]! |= 1 << (bit & 7)
  }

  #push(pc: number, pos: number, least: number): void {
    if (this.#top === this.#stack.length) {
      const larger = new Int32Array(2 * this.#stack.length)
      larger.set(this.#stack)
      this.#stack = larger
    }
    this.#stack[this.#top++] = pc
    this.#stack[this.#top++] = pos
    this.#stack[this.#top++] = least
  }

  /** The code point at a position, -1 at the end of the text. */
  #codeAt(pos: number): number {
    const text = this.#text
    if (pos >= text.length) return -1
    const unit = text.charCodeAt(pos)
    return (unit & 0xfc00) === 0xd800 ? text.codePointAt(pos)! : unit
  }

  /** The position one code point before another. */
  #before(pos: number): number {
    return pos >= 2 && this.#codeAt(pos - 2) > 0xffff ? pos - 2 : pos - 1
  }

  #codeBefore(pos: number): number {
    return pos === 0 ? -1 : this.#codeAt(this.#before(pos))
  }

  #checkAt = 0

  #checkSteps(): void {
    this.#checkAt = this.#steps + 10_000
    checkLimit('patternSteps', Math.ceil(this.#steps / this.#budget), this.#what)
  }
}
