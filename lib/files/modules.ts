import { join } from 'node:path'
import { invalid, show } from '../errors.js'
import { readJson } from './read.js'

/**
 * The folders that modules.json of sentence-transformers names, besides the model's own.
 * @throws FILE_NOT_FOUND; CONFIG_INVALID
 */
export async function readModuleFolders(dir: string): Promise<string[]> {
  const file = join(dir, 'modules.json')
  const modules = await readJson(file, 'CONFIG_INVALID')
  if (!Array.isArray(modules)) throw invalid('CONFIG_INVALID', file, 'a list of modules', show(modules))
  const folders = modules.map((module: unknown) => {
    const { path = '' } = Object(module)
    if (typeof path !== 'string') throw invalid('CONFIG_INVALID', `${file}: path`, 'a string', show(path))
    return path
  })
  return [...new Set(folders.filter((folder) => folder !== ''))]
}
