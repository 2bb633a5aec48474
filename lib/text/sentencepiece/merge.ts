import { Heap } from '../heap.js'
import { ByteTrie } from '../models/byte-trie.js'
import { charLength, type Segment } from '../models/viterbi.js'
import { type Piece, pieceKinds } from './model-file.js'

/** Bytes that have been merged to one piece so far. */
interface Unit extends Segment {
  previous: number
  next: number
  /** A user-defined symbol, which is never merged. */
  frozen: boolean
}

interface Candidate {
  score: number
  left: number
  right: number
  length: number
  id: number
}

/**
 * Byte-pair encoding of SentencePiece: merges the two neighbours whose piece has the best score, the leftmost among
 * equals, until no two neighbours are a piece. Pieces marked unused take part and are split again at the end.
 */
export function mergePieces(
  bytes: Uint8Array,
  pieces: ByteTrie,
  symbols: ByteTrie,
  table: readonly Piece[],
  unknownId: number,
): Segment[] {
  const idOf = (start: number, end: number): number => {
    let node: number = ByteTrie.root
    for (let at = start; at < end && node >= 0; at++) node = pieces.step(node, bytes[at]!)
    return node < 0 ? -1 : pieces.value(node)
  }
  const list: Unit[] = []
  for (let start = 0; start < bytes.length; ) {
    const symbol = symbols.longest(bytes, start)?.length ?? 0
    const end = Math.min(start + (symbol || charLength(bytes[start]!)), bytes.length)
    list.push({
      start,
      end,
      id: idOf(start, end),
      previous: list.length - 1,
      next: end < bytes.length ? list.length + 1 : -1,
      frozen: symbol > 0,
    })
    start = end
  }
  const splitLengths = new Map<string, number>()
  const queue = new Heap<Candidate>((a, b) => a.score > b.score || (a.score === b.score && a.left < b.left))
  const consider = (left: number, right: number): void => {
    const a = list[left]
    const b = list[right]
    if (a === undefined || b === undefined || a.frozen || b.frozen) return
    const id = idOf(a.start, b.end)
    if (id < 0) return
    queue.push({ score: table[id]!.score, left, right, length: b.end - a.start, id })
    if (table[id]!.kind === pieceKinds.unused) splitLengths.set(table[id]!.text, a.end - a.start)
  }
  for (let i = 1; i < list.length; i++) consider(i - 1, i)
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    const left = list[top.left]!
    const right = list[top.right]!
    const empty = left.start === left.end || right.start === right.end
    // Either side may have been merged since this candidate was queued.
    if (empty || right.end - left.start !== top.length) continue
    left.end = right.end
    left.id = top.id
    left.next = right.next
    if (right.next >= 0) list[right.next]!.previous = top.left
    right.end = right.start
    consider(left.previous, top.left)
    consider(top.left, left.next)
  }
  const segments: Segment[] = []
  const emit = (start: number, end: number, id: number): void => {
    const firstLength =
      id >= 0 && table[id]!.kind === pieceKinds.unused ? splitLengths.get(table[id]!.text) : undefined
    if (firstLength === undefined) {
      segments.push({ start, end, id: id < 0 ? unknownId : id })
      return
    }
    emit(start, start + firstLength, idOf(start, start + firstLength))
    emit(start + firstLength, end, idOf(start + firstLength, end))
  }
  for (let i = list.length > 0 ? 0 : -1; i >= 0; i = list[i]!.next)
    emit(list[i]!.start, list[i]!.end, list[i]!.id)
  return segments
}
