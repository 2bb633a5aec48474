import type { CodePoints } from './code-points.js'

/** What an instruction does. Where none is named, the next one follows. */
export const ops = {
  /** Matches one code point, `code`. */
  char: 0,
  /** Matches one code point of `set`. */
  set: 1,
  /** Tries `first`, where `code` or `set` allow it to begin, and if that fails `second`. In a loop `max` is Infinity. */
  split: 2,
  /** Goes on at `first`. */
  jump: 3,
  /** Matches `min` to `max` code points of `set`, as many as possible. */
  span: 4,
  /** The same, but gives none of them back. */
  possessive: 5,
  /** Whether the code point at the position, or the one behind it, is in `set`. */
  peekAhead: 6,
  peekBehind: 7,
  /** Whether the instructions from `first` match at the position, or end at it; goes on at `second`. */
  lookAhead: 8,
  lookBehind: 9,
  /** The first match of the instructions from `first`, of which nothing is given back; goes on at `second`. */
  atomic: 10,
  /** Goes on at `second` if nothing was matched since the split at `first`: the repetition of nothing would not end. */
  advanced: 11,
  textStart: 12,
  textEnd: 13,
  match: 14,
} as const

/** All instructions have the same fields, so that V8 reads them fast. */
export interface Instruction {
  readonly op: (typeof ops)[keyof typeof ops]
  code: number
  set: CodePoints | undefined
  first: number
  second: number
  readonly min: number
  readonly max: number
  readonly negated: boolean
  /** Where it is remembered from which positions the rest of the pattern failed; -1 where it is not. */
  readonly slot: number
}

const none = { code: -1, set: undefined, first: -1, second: -1, min: 0, max: 0, negated: false, slot: -1 }

export function instruction(
  op: Instruction['op'],
  fields: Partial<Omit<Instruction, 'op'>> = {},
): Instruction {
  const { code, set, first, second, min, max, negated, slot } = { ...none, ...fields }
  return { op, code, set, first, second, min, max, negated, slot }
}

export interface Program {
  readonly code: readonly Instruction[]
  /** Numbers of slots of splits and of spans. */
  readonly loops: number
  readonly spans: number
}
