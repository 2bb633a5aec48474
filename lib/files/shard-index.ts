import { type Config, getter, object, readConfig } from './config.js'

const shardName = getter(
  'the name of a weights file, without a path',
  (value): value is string => typeof value === 'string' && /^\w[\w.-]*\.(?:safetensors|bin)$/.test(value),
)

/** Which file of a folder has which tensor: the content of a *.index.json. */
export interface ShardIndex {
  readonly path: string
  readonly shards: readonly string[]
  readonly fileOf: ReadonlyMap<string, string>
}

/** @throws FILE_NOT_FOUND; CONFIG_INVALID, also for the name of a shard with a path, which could leave the folder */
export async function readShardIndex(dir: string, file: string): Promise<ShardIndex> {
  return shardIndexOf(await readConfig(dir, file))
}

/** @throws CONFIG_INVALID */
export function shardIndexOf(config: Config): ShardIndex {
  const map = object(config, 'weight_map')
  const fileOf = new Map<string, string>()
  for (const name of Object.keys(map.values)) fileOf.set(name, shardName(map, name))
  return { path: map.file, shards: [...new Set(fileOf.values())].sort(), fileOf }
}
