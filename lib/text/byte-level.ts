/**
 * The alphabet of byte-level tokenizers: each byte as one printable character, so that any text has a form without
 * spaces and control characters. The printable bytes of Latin-1 stand for themselves; the rest follow from U+0100 on.
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

/** The text's UTF-8 bytes, one character each. */
export function encodeBytes(text: string): string {
  if (alreadyItself.test(text)) return text
  let result = ''
  for (const byte of Buffer.from(text, 'utf8')) result += charOfByte[byte]
  return result
}

/**
 * The bytes that tokens stand for, joined and read as UTF-8. A token with a character outside the alphabet, such as
 * a special token, goes in as its own text. Broken UTF-8 becomes U+FFFD.
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
