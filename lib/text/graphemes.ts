const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })
const plainAscii = /^\p{ASCII}*$/u
const chunk = 256

/** The extended grapheme clusters of a text, which readers see as one character each. */
export function* graphemes(text: string): Generator<string> {
  if (plainAscii.test(text)) {
    // The only cluster of two ASCII characters is CR LF.
    yield* text.match(/\r\n|[\s\S]/g) ?? []
    return
  }
  // In chunks, because V8's segmenter takes quadratic time. The last cluster of a chunk may continue in the next.
  let length = chunk
  for (let at = 0; at < text.length; ) {
    const start = at
    const end = at + length - (splitsPair(text, at + length) ? 1 : 0)
    let last = ''
    for (const { segment } of segmenter.segment(text.slice(at, end))) {
      if (last !== '') {
        yield last
        at += last.length
      }
      last = segment
    }
    if (end >= text.length) {
      yield last
      return
    }
    // A cluster as long as the chunk needs a longer chunk.
    length = at === start ? 2 * length : chunk
  }
}

function splitsPair(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1)
  return at < text.length && before >= 0xd800 && before <= 0xdbff
}
