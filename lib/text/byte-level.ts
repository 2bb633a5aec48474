/**
 * The alphabet of byte-level tokenizers: one printable character for each byte, so that encoded text has neither spaces
 * nor control characters. Printable bytes of Latin-1 are their own character; the others are U+0100 and following.
 */
const charOfByte: string[] = []
const byteOfChar = new Map<string, number>()
let next = 0x100
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  const char = String.fromCharCode(printable ? byte : next++)
  charOfByte.push(char)
  byteOfChar.set(char, byte)
}

const alreadyItself = /^[!-~]*$/

/** The UTF-8 bytes of a text, as one character each. */
export function encodeBytes(text: string): string {
  if (alreadyItself.test(text)) return text
  let result = ''
  for (const byte of Buffer.from(text, 'utf8')) result += charOfByte[byte]
  return result
}

/**
 * Joins the bytes of tokens and decodes them as UTF-8; invalid bytes become U+FFFD. A token with a character outside the
 * alphabet, such as a special token, is decoded as its own text.
 */
export function decodeBytes(tokens: readonly string[]): string {
  return Buffer.concat(tokens.map(bytesOfToken)).toString('utf8')
}

function bytesOfToken(token: string): Uint8Array {
  const bytes: number[] = []
  for (const char of token) {
    const byte = byteOfChar.get(char)
    if (byte === undefined) return Buffer.from(token, 'utf8')
    bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}
