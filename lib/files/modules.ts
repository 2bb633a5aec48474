import { isAbsolute, join, posix } from 'node:path'
import { invalid, show } from '../errors.js'
import { type Config, configInvalid, makeConfig, object, string } from './config.js'
import { readJson } from './read.js'

/** An entry of modules.json of sentence-transformers. */
export interface ModuleEntry {
  readonly config: Config
  /** Its folder inside of the model's, with slashes between names; '' for the model's own folder. */
  readonly folder: string
}

/**
 * Reads modules.json, the list of the modules of a sentence-transformers model, in their order.
 * @throws FILE_NOT_FOUND; CONFIG_INVALID, also for a folder outside of the model's
 */
export async function readModuleList(dir: string): Promise<ModuleEntry[]> {
  const file = join(dir, 'modules.json')
  const list = await readJson(file, 'CONFIG_INVALID')
  if (!Array.isArray(list)) throw invalid('CONFIG_INVALID', file, 'a list of modules', show(list))
  const entries = makeConfig(file, { ...list })
  return list.map((_, index) => {
    const config = object(entries, String(index))
    return { config, folder: subfolder(config, dir) }
  })
}

/** The files of a stranger's model must not lead to other files of this machine. */
function subfolder(config: Config, dir: string): string {
  const path = posix.normalize(string(config, 'path', ''))
  if (isAbsolute(path) || /^\.\.(\/|$)|[\\\0]/.test(path))
    throw configInvalid(config, 'path', `a folder in ${dir}`)
  return path === '.' || path === './' ? '' : path.replace(/\/$/, '')
}
