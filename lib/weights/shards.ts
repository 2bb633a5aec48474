import { join } from 'node:path'
import { SaccadeError } from '../errors.js'
import { object, readConfig } from './config.js'
import type { TensorEntry } from './entry.js'

/** Which file of a folder holds which tensor: the contents of a *.index.json. */
export interface ShardIndex {
  readonly path: string
  readonly shards: readonly string[]
  readonly fileOf: ReadonlyMap<string, string>
}

/** @throws FILE_NOT_FOUND, CONFIG_INVALID; the names of shards must be plain: no path leads out of the folder */
export async function readShardIndex(dir: string, file: string): Promise<ShardIndex> {
  const map = object(await readConfig(dir, file), 'weight_map')
  const fileOf = new Map<string, string>()
  for (const [name, shard] of Object.entries(map.values)) {
    if (typeof shard !== 'string' || !/^\w[\w.-]*\.(?:safetensors|bin)$/.test(shard))
      throw new SaccadeError(
        'CONFIG_INVALID',
        `${map.file}: weight_map puts ${name} into ${JSON.stringify(shard)}, which is not the plain name of a weights file`,
      )
    fileOf.set(name, shard)
  }
  return { path: map.file, shards: [...new Set(fileOf.values())].sort(), fileOf }
}

/** @throws WEIGHTS_CORRUPT when the shards hold other tensors, or hold them elsewhere, than the index says */
export function checkShards(index: ShardIndex, dir: string, tensors: readonly TensorEntry[]): void {
  const missing = new Set(index.fileOf.keys())
  for (const { name, file } of tensors) {
    const wanted = index.fileOf.get(name)
    if (wanted === undefined)
      throw new SaccadeError('WEIGHTS_CORRUPT', `${file} holds ${name}, which ${index.path} does not list`)
    if (join(dir, wanted) !== file)
      throw new SaccadeError(
        'WEIGHTS_CORRUPT',
        `${file} holds ${name}, which ${index.path} puts into ${wanted}`,
      )
    missing.delete(name)
  }
  for (const name of missing)
    throw new SaccadeError(
      'WEIGHTS_CORRUPT',
      `${index.path} puts ${name} into ${index.fileOf.get(name)}, which does not hold it`,
    )
}
