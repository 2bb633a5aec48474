import type { Matches } from '../oniguruma/matcher.js'

/** A part of the text. `atStart`: whether it begins at the start of the whole text. */
export interface Piece {
  readonly text: string
  readonly atStart: boolean
}

/** What happens to the delimiters when a text is split at them. */
export const behaviors = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous',
] as const

export type SplitBehavior = (typeof behaviors)[number]

interface Span {
  start: number
  end: number
  delimiter: boolean
}

/**
 * Splits at the matches of a global pattern. Empty parts are dropped.
 * @param invert the matches are the content, and the text between them is the delimiter
 */
export function split(piece: Piece, pattern: Matches, behavior: SplitBehavior, invert = false): Piece[] {
  const { text } = piece
  const spans: Span[] = []
  let at = 0
  for (const match of pattern[Symbol.matchAll](text)) {
    const end = match.index + match[0].length
    if (at < match.index) spans.push({ start: at, end: match.index, delimiter: invert })
    if (match.index < end) spans.push({ start: match.index, end, delimiter: !invert })
    at = end
  }
  if (at < text.length) spans.push({ start: at, end: text.length, delimiter: invert })
  return join(spans, behavior).map(({ start, end }) => ({
    text: text.slice(start, end),
    atStart: piece.atStart && start === 0,
  }))
}

function join(spans: Span[], behavior: SplitBehavior): Span[] {
  if (behavior === 'Isolated') return spans
  if (behavior === 'Removed') return spans.filter((span) => !span.delimiter)
  if (behavior === 'MergedWithNext') return mergeWithNext(spans)
  const joined: Span[] = []
  let previous = false
  for (const span of spans) {
    const last = joined.at(-1)
    const merges = behavior === 'Contiguous' ? span.delimiter === previous : span.delimiter && !previous
    if (merges && last !== undefined) last.end = span.end
    else joined.push({ ...span })
    previous = span.delimiter
  }
  return joined
}

/** The last delimiter of a run is merged with the text after it; the others are parts of their own. */
function mergeWithNext(spans: Span[]): Span[] {
  const joined: Span[] = []
  let following = false
  for (const span of spans.toReversed()) {
    const last = joined.at(-1)
    if (span.delimiter && !following && last !== undefined) last.start = span.start
    else joined.push({ ...span })
    following = span.delimiter
  }
  return joined.reverse()
}
