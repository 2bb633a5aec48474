import { optionInvalid } from '../options.js'
import type { CutRule } from './core.js'
import type { Side } from './settings.js'

/** `longest_first` cuts the longer of two texts first, the others cut one text only. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second'

/** The strategy of the option `truncation`; undefined if texts are not cut. @throws OPTION_INVALID */
export function readStrategy(truncation: boolean | TruncationStrategy): TruncationStrategy | undefined {
  if (truncation === false) return undefined
  if (truncation === true) return 'longest_first'
  const known = ['longest_first', 'only_first', 'only_second']
  return known.includes(truncation)
    ? truncation
    : optionInvalid('truncation', truncation, `true, false or one of ${known.join(', ')}`)
}

/** Cuts one or two texts to `max` tokens in total. Undefined if the strategy cannot remove that many. */
export function truncate(
  first: number[],
  second: number[] | undefined,
  max: number,
  strategy: TruncationStrategy,
  side: Side,
  rule: CutRule,
): [number[], number[] | undefined] | undefined {
  const excess = first.length + (second?.length ?? 0) - max
  if (excess <= 0) return [first, second]
  if (max === 0) return [[], second && []]
  if (strategy === 'only_first') {
    if (first.length <= excess) return undefined
    return [keep(first, first.length - excess, side), second]
  }
  if (strategy === 'only_second') {
    if (second === undefined || second.length <= excess) return undefined
    return [first, keep(second, second.length - excess, side)]
  }
  if (second === undefined) return [keep(first, max, side), undefined]
  const toFirst = share(first.length, second.length, max, rule)
  return [keep(first, toFirst, side), keep(second, max - toFirst, side)]
}

/** How many of `max` tokens the first text keeps: all of its own if they are at most half, otherwise half. */
function share(first: number, second: number, max: number, rule: CutRule): number {
  const half = Math.floor(max / 2)
  const odd = max % 2
  if (Math.min(first, second) <= half) return first <= second ? first : max - second
  // Both are cut. If max is odd, one text keeps one more: the longer, or always the first.
  return rule === 'first' || first > second ? half + odd : half
}

function keep(ids: number[], count: number, side: Side): number[] {
  return side === 'right' ? ids.slice(0, count) : ids.slice(ids.length - count)
}
