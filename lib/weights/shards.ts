import { join } from 'node:path'
import { SaccadeError, shorten } from '../errors.js'
import type { ShardIndex } from '../files/shard-index.js'
import type { TensorEntry } from './entry.js'

/**
 * A tensor that several shards hold is taken from the last of them, as transformers does.
 * @returns the tensors, each name once
 * @throws WEIGHTS_CORRUPT if the shards do not have the tensors that the index lists, each in its shard
 */
export function mergeShards(index: ShardIndex, dir: string, tensors: readonly TensorEntry[]): TensorEntry[] {
  const missing = new Set(index.fileOf.keys())
  for (const { name, file } of tensors) {
    const wanted = index.fileOf.get(name)
    if (wanted !== undefined && join(dir, wanted) === file) missing.delete(name)
  }
  const merged = new Map<string, TensorEntry>()
  for (const tensor of tensors) {
    const { name, file } = tensor
    // Some indices leave out buffers that a shard has. The model says whether it needs them.
    if (missing.has(name))
      throw new SaccadeError(
        'WEIGHTS_CORRUPT',
        `${file} holds ${shorten(name)}, which ${index.path} puts into ${shorten(index.fileOf.get(name)!)}`,
      )
    merged.set(name, tensor)
  }
  for (const name of missing)
    throw new SaccadeError(
      'WEIGHTS_CORRUPT',
      `${index.path} puts ${shorten(name)} into ${shorten(index.fileOf.get(name)!)}, which does not hold it`,
    )
  return [...merged.values()]
}
