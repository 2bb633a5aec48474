// Headers of safetensors files.
import { readHeader } from '../../../lib/weights/safetensors.js'
import { memoryFile } from '../inputs.js'

/** A file with this header and so many bytes of data. */
function file(header: string, bytes: number): Uint8Array {
  const text = new TextEncoder().encode(header)
  const all = new Uint8Array(8 + text.length + bytes)
  new DataView(all.buffer).setBigUint64(0, BigInt(text.length), true)
  all.set(text, 8)
  return all
}

export const seeds: readonly Uint8Array[] = [
  file('{}', 0),
  file('{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}', 24),
  file(
    '{"__metadata__":{"format":"pt"},"b":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"a":{"dtype":"BF16","shape":[4],"data_offsets":[8,16]}}  ',
    16,
  ),
  file(
    '{"e":{"dtype":"U8","shape":[0,7],"data_offsets":[0,0]},"\\u00e9\\ud83d\\ude00":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}',
    3,
  ),
]

export const tokens: readonly string[] = [
  ...[
    '"dtype"',
    '"shape"',
    '"data_offsets"',
    '"__metadata__"',
    '"F32"',
    '"F4"',
    '"a"',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
  ],
  ...['null', 'true', '\\u0000', '\\ud800', '1e999', '-0', '[[[[[[[[', '{"a":{"a":{"a":'],
]

export async function run(bytes: Uint8Array): Promise<void> {
  await readHeader(memoryFile('model.safetensors', bytes))
}
