import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SaccadeError } from '../errors.js'
import { fileError } from './file.js'
import { isWeightsFile } from './find.js'
import { fetchModel, type HubOptions, isCached, isHubName, isOffline } from './hub.js'

/** Where the files of a model are. */
export interface ModelFolder {
  /** As the user named it. */
  readonly name: string
  /** Absolute path of the folder with config.json and the rest. */
  readonly dir: string
  /** Path to give to openCheckpoint: the folder, or the weights file that the user named. */
  readonly weights: string
}

/**
 * Finds the model that an argument names: a folder, a weights file (its config is beside it), a file: URL of either,
 * or the name of a model on the Hub, `org/name`.
 *
 * What exists on disk comes first. A name of the form `org/name` that does not is looked for in the cache and then on
 * the Hub, unless there is a folder `org` here: then it is a mistyped path, and nothing is downloaded unless
 * `localFilesOnly: false` says that it may be.
 *
 * @throws FILE_NOT_FOUND naming the absolute path, and the URL where one was tried; OPTION_INVALID; ABORTED
 */
export async function resolveModel(model: string | URL, options: HubOptions = {}): Promise<ModelFolder> {
  const name = String(model)
  if (name === '' || (typeof model !== 'string' && !(model instanceof URL)))
    throw new SaccadeError(
      'OPTION_INVALID',
      `a model is named by a path or by org/name, got ${JSON.stringify(model)}`,
    )
  const path = pathOf(name)
  const kind = await kindOf(path)
  if (kind === 'folder') return { name, dir: path, weights: path }
  if (kind === 'file') {
    if (isWeightsFile(path)) return { name, dir: dirname(path), weights: path }
    throw new SaccadeError('OPTION_INVALID', `${path} is neither a model folder nor a weights file`)
  }
  if (!isHubName(name)) throw new SaccadeError('FILE_NOT_FOUND', `there is no model folder ${path}`)

  if (!(await isCached(name, options))) {
    if (isOffline(options))
      throw new SaccadeError(
        'FILE_NOT_FOUND',
        `there is no model folder ${path}, no model ${name} in the cache, and downloads are off`,
      )
    if (options.localFilesOnly === undefined && (await kindOf(dirname(path))) === 'folder')
      throw new SaccadeError(
        'FILE_NOT_FOUND',
        `there is no model folder ${path}; if ${name} is a model on the Hub, say localFilesOnly: false`,
      )
  }
  try {
    const dir = await fetchModel(name, options)
    return { name, dir, weights: dir }
  } catch (cause) {
    if (!(cause instanceof SaccadeError) || cause.code !== 'FILE_NOT_FOUND') throw cause
    throw new SaccadeError('FILE_NOT_FOUND', `there is no model folder ${path}, and ${cause.message}`, {
      cause,
    })
  }
}

function pathOf(name: string): string {
  if (!name.startsWith('file:')) return resolve(name)
  try {
    return fileURLToPath(name)
  } catch (cause) {
    throw new SaccadeError('OPTION_INVALID', `${name} is not the URL of a file here`, { cause })
  }
}

async function kindOf(path: string): Promise<'folder' | 'file' | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file'
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw fileError(path, cause)
  }
}
