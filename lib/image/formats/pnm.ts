import type { Encoded, Pixels } from '../pixels.js'
import { roundToEven } from '../spec.js'
import { inSlices } from '../work.js'

const space = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13)
const [hash, lineFeed, carriageReturn] = [35, 10, 13] as const
const maxTokenLength = 10

/**
 * Decodes PBM, PGM and PPM (P1 to P6) as Pillow does: values are scaled to 255, but gray of more than 8 bits is scaled to
 * 65535 and cut off at 255.
 */
export async function decodePnm(file: Encoded): Promise<Pixels> {
  const { bytes } = file
  const kind = bytes[1]! - 48
  const plain = kind <= 3
  const bitmap = kind === 1 || kind === 4
  const tokens = new Tokens(file, 2)
  const width = tokens.number('width')
  const height = tokens.number('height')
  const maximum = bitmap ? 1 : tokens.number('maximum')
  if (width === 0 || height === 0) file.fail('no pixels')
  if (maximum < 1 || maximum > 65535) file.fail(`a maximum of ${maximum}, not 1 to 65535`)
  const channels = kind === 3 || kind === 6 ? 3 : 1
  await file.admit(width, height)
  const data = new Uint8Array(width * height * channels)
  const rowLength = width * channels
  const scale = bitmap ? Uint8Array.of(255, 0) : scaleOf(maximum, channels === 1)
  const valueBytes = maximum > 255 ? 2 : 1
  const { at } = tokens
  const rowBytes = bitmap ? Math.ceil(width / 8) : rowLength * valueBytes
  if (!plain && at + rowBytes * height > bytes.length) file.fail('truncated')

  await inSlices(height, file.signal, (y) => {
    const from = at + y * rowBytes
    const to = y * rowLength
    for (let x = 0; x < rowLength; x++) {
      let value: number
      if (plain) {
        value = bitmap ? tokens.bit() : tokens.number('a value')
        if (value > maximum) file.fail(`a value of ${value} above the maximum of ${maximum}`)
      } else if (bitmap) value = (bytes[from + (x >> 3)]! >> (7 - (x & 7))) & 1
      else value = valueBytes === 1 ? bytes[from + x]! : bytes.readUInt16BE(from + x * 2)
      data[to + x] = scale[value]!
    }
  })
  return { data, width, height, channels }
}

/** The 8-bit value of each value. Files can hold values above their maximum. */
function scaleOf(maximum: number, gray: boolean): Uint8Array {
  const full = gray && maximum > 255 ? 65535 : 255
  return Uint8Array.from({ length: maximum > 255 ? 65536 : 256 }, (_, value) =>
    Math.min(255, maximum === full ? value : roundToEven((value / maximum) * full)),
  )
}

/** Numbers in text, with white space between them and comments from # to the end of the line. */
class Tokens {
  readonly #file: Encoded
  at: number

  constructor(file: Encoded, at: number) {
    this.#file = file
    this.at = at
  }

  /** The next number. The one character of white space after it is skipped, so that binary pixels begin at `at`. */
  number(what: string): number {
    let text = ''
    for (let byte = this.#next(); byte !== undefined; byte = this.#next()) {
      if (space(byte)) {
        if (text !== '') break
      } else if (byte === hash) this.#skipLine()
      else text += String.fromCharCode(byte)
      if (text.length > maxTokenLength) break
    }
    if (!/^\+?\d{1,10}$/.test(text))
      this.#file.fail(text === '' ? 'truncated' : `${what} is ${JSON.stringify(text)}`)
    return Number(text)
  }

  /** The next 0 or 1; there need not be white space between them. */
  bit(): number {
    for (let byte = this.#next(); byte !== undefined; byte = this.#next()) {
      if (byte === hash) this.#skipLine()
      else if (byte === 48 || byte === 49) return byte - 48
      else if (!space(byte)) this.#file.fail(`a bit is ${JSON.stringify(String.fromCharCode(byte))}`)
    }
    return this.#file.fail('truncated')
  }

  #next(): number | undefined {
    return this.#file.bytes[this.at++]
  }

  #skipLine(): void {
    for (let byte = this.#next(); byte !== undefined; byte = this.#next())
      if (byte === lineFeed || byte === carriageReturn) return
  }
}
