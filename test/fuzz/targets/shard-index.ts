// Indexes of shards, and whether the shards agree with them.
import { configOf } from '../../../lib/files/config.js'
import { shardIndexOf } from '../../../lib/files/shard-index.js'
import { mergeShards } from '../../../lib/weights/shards.js'
import { jsonTokens, storedBelow } from '../inputs.js'

export const seeds: readonly Uint8Array[] = [
  ...storedBelow('goldens', /\.index\.json$/),
  new TextEncoder().encode(
    '{"metadata":{"total_size":42},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors","c":"p-1.bin"}}',
  ),
]

export const jsonFrom = 0

export const tokens: readonly string[] = [
  ...jsonTokens,
  ...['"weight_map":', '../', '/etc/passwd', '.safetensors', '.bin', '\\u0000', '"m-1.safetensors"', '"a":'],
]

const place = { dtype: 'F32', shape: [1], offset: 0, byteLength: 4 } as const
const entries = ['a', 'b', 'c', 'd'].map((name) => ({ ...place, name, file: 'folder/m-1.safetensors' }))

export async function run(bytes: Uint8Array): Promise<void> {
  mergeShards(shardIndexOf(await configOf('model.safetensors.index.json', bytes)), 'folder', entries)
}
