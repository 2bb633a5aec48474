const maxChars = 200

/** Characters that would move a terminal's cursor, change its colours, or turn the direction of a line. */
const control = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A name or a message as it is shown, on one line. */
export function escapeText(text: string): string {
  return text.replaceAll(control, (char) => {
    const code = char.charCodeAt(0)
    const short = { 9: '\\t', 10: '\\n', 13: '\\r' }[code]
    return short ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
  })
}

/** The same, of at most 200 characters. */
export function shortText(text: string): string {
  const cut = [...text.slice(0, 2 * maxChars)].slice(0, maxChars).join('')
  return escapeText(cut) + (cut.length < text.length ? '…' : '')
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
