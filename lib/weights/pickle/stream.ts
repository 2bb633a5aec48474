/** Thrown where the bytes end before the pickle does. A caller who reads a file piece by piece then reads more. */
export class PickleCut extends Error {}

const maxLongBytes = 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the operands of a pickle's instructions. */
export class PickleStream {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #fail: (problem: string) => never
  #at = 0

  constructor(bytes: Uint8Array, fail: (problem: string) => never) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#fail = fail
  }

  /** Index of the next byte. */
  get at(): number {
    return this.#at
  }

  u8(): number {
    return this.#bytes[this.#skip(1)]!
  }

  u16(): number {
    return this.#view.getUint16(this.#skip(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.#skip(4), true)
  }

  /** Big endian, unlike the integers. */
  f64(): number {
    return this.#view.getFloat64(this.#skip(8))
  }

  bytes(length: number): Uint8Array {
    const { buffer, byteOffset } = this.#bytes
    return new Uint8Array(buffer, byteOffset + this.#skip(length), length)
  }

  text(length: number): string {
    return this.#decode(this.#skip(length), this.#at)
  }

  /** The str of Python 2, which may hold any bytes. */
  latin1(length: number): string {
    const { buffer, byteOffset } = this.#bytes
    return Buffer.from(buffer, byteOffset + this.#skip(length), length).toString('latin1')
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) throw new PickleCut()
    const at = this.#skip(end + 1 - this.#at)
    return this.#decode(at, end)
  }

  /** Two's complement, little endian. */
  long(length: number): number | bigint {
    if (length > maxLongBytes) this.#fail(`it holds an integer of ${length} bytes`)
    let value = 0n
    for (const byte of this.bytes(length).toReversed()) value = (value << 8n) | BigInt(byte)
    value = BigInt.asIntN(length * 8, value)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  #skip(count: number): number {
    const at = this.#at
    if (at + count > this.#bytes.length) throw new PickleCut()
    this.#at += count
    return at
  }

  #decode(from: number, to: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(from, to))
    } catch {
      return this.#fail(`the text at byte ${from} is not UTF-8`)
    }
  }
}
