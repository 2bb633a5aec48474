import { join } from 'node:path'
import { SaccadeError, shorten } from '../errors.js'
import type { ShardIndex } from '../files/shard-index.js'
import type { TensorEntry } from './entry.js'

/** @throws WEIGHTS_CORRUPT if the shards do not have the tensors that the index lists, each in its shard */
export function checkShards(index: ShardIndex, dir: string, tensors: readonly TensorEntry[]): void {
  const missing = new Set(index.fileOf.keys())
  for (const { name, file } of tensors) {
    const wanted = index.fileOf.get(name)
    // Some indices leave out buffers that a shard has. The model says whether it needs them.
    if (wanted === undefined) continue
    if (join(dir, wanted) !== file)
      throw new SaccadeError(
        'WEIGHTS_CORRUPT',
        `${file} holds ${shorten(name)}, which ${index.path} puts into ${shorten(wanted)}`,
      )
    missing.delete(name)
  }
  for (const name of missing)
    throw new SaccadeError(
      'WEIGHTS_CORRUPT',
      `${index.path} puts ${shorten(name)} into ${shorten(index.fileOf.get(name)!)}, which does not hold it`,
    )
}
