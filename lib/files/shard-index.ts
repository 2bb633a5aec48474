import { SaccadeError } from '../errors.js'
import { object, readConfig } from './config.js'

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
