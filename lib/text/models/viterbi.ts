import { ByteTrie } from './byte-trie.js'

export interface ViterbiOptions {
  /** The log probability of a piece of the trie, given its id and its length in bytes. */
  score: (id: number, length: number) => number
  unknownId: number
  /** The score of a character that is not a piece by itself. */
  unknownScore: number
  /** The precision of sums: SentencePiece uses float, the tokenizers library double. */
  precision: 'float32' | 'float64'
}

/** A part of the text, bytes[start...end), and the id of its piece. */
export interface Segment {
  start: number
  end: number
  id: number
}

/**
 * The most probable segmentation of a text into pieces, by the Viterbi algorithm: for each byte the best path that ends
 * there, from left to right. Time is linear in the text, as the length of a piece is bounded. Among equal paths it keeps
 * the first it finds, whose last piece starts earliest.
 */
export function bestSegments(bytes: Uint8Array, trie: ByteTrie, options: ViterbiOptions): Segment[] {
  const { score, unknownId, unknownScore, precision } = options
  const size = bytes.length
  const best = precision === 'float32' ? new Float32Array(size + 1) : new Float64Array(size + 1)
  // Rounded before the comparison, because paths can be equal as floats and differ as doubles.
  const round = precision === 'float32' ? Math.fround : (score: number) => score
  const startOf = new Int32Array(size + 1).fill(-1)
  const idOf = new Int32Array(size + 1)
  const update = (end: number, start: number, id: number, score: number): void => {
    if (startOf[end] !== -1 && score <= best[end]!) return
    best[end] = score
    startOf[end] = start
    idOf[end] = id
  }
  for (let start = 0; start < size; ) {
    const charEnd = Math.min(start + charLength(bytes[start]!), size)
    let covered = false
    let node = ByteTrie.root
    for (let at = start; at < size; at++) {
      node = trie.step(node, bytes[at]!)
      if (node < 0) break
      const id = trie.value(node)
      if (id < 0) continue
      const end = at + 1
      update(end, start, id, round(best[start]! + score(id, end - start)))
      covered ||= end === charEnd
    }
    if (!covered) update(charEnd, start, unknownId, round(best[start]! + unknownScore))
    start = charEnd
  }
  const segments: Segment[] = []
  for (let end = size; end > 0; end = startOf[end]!)
    segments.push({ start: startOf[end]!, end, id: idOf[end]! })
  return segments.reverse()
}

/** The length in bytes of a UTF-8 character, from its first byte. */
export function charLength(byte: number): number {
  if (byte < 0xc0) return 1
  if (byte < 0xe0) return 2
  return byte < 0xf0 ? 3 : 4
}
