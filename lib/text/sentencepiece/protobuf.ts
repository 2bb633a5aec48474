import { SaccadeError } from '../../errors.js'

/** A field of a protocol buffer message. Values of the wire types 32-bit and 64-bit are kept as bytes. */
export interface Field {
  readonly number: number
  readonly value: number | Uint8Array
}

/**
 * Reads the fields of one message in the wire format of protocol buffers. Nested messages are given as bytes. Groups,
 * which no SentencePiece file has, are refused, and every length is checked against the remaining bytes.
 * @throws TOKENIZER_INVALID naming `where`
 */
export function* readFields(bytes: Uint8Array, where: string): Generator<Field> {
  let at = 0
  const fail = (problem: string): never => {
    throw new SaccadeError('TOKENIZER_INVALID', `${where}: ${problem} at byte ${at}`)
  }
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 10; shift++) {
      const byte = bytes[at++]
      if (byte === undefined) fail('the file ends inside a number')
      value += (byte! & 0x7f) * 2 ** (7 * shift)
      if (byte! < 0x80) return value
    }
    return fail('a number of more than ten bytes')
  }
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) fail(`a field of ${length} bytes where ${bytes.length - at} are left`)
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const number = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() }
        break
      case 1:
        yield { number, value: take(8) }
        break
      case 2:
        yield { number, value: take(varint()) }
        break
      case 5:
        yield { number, value: take(4) }
        break
      default:
        fail(`a field of the unknown wire type ${tag % 8}`)
    }
  }
}
