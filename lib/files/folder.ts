import { stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkSignal } from '../abort.js'
import { invalid, SaccadeError, shortenMiddle, show } from '../errors.js'
import { optionInvalid } from '../options.js'
import { isString, isUrl } from '../values.js'
import { fileError } from './file.js'
import { isWeightsFile } from './find.js'
import { isComplete, type Needed, openCached } from './hub/mark.js'
import { checkHubOptions, type HubOptions, isOffline } from './hub/options.js'
import { fetchModel, isHubName } from './hub.js'

/** The files of a model. */
export interface ModelFolder {
  /** The argument of the user. */
  readonly name: string
  /** Absolute path of the folder with config.json and the rest. */
  readonly dir: string
  /** Path for openCheckpoint: the folder, or the weights file that the user named. */
  readonly weights: string
}

/**
 * Finds a model by a folder, a weights file with its config beside it, a file: URL of either, or its name on the Hub,
 * `org/name` or `name`.
 *
 * A path that exists comes first. A name that is not a path is looked up in the cache, then on the Hub. If
 * there is a folder `org` in the working directory, it is taken for a mistyped path, and is downloaded only if
 * `localFilesOnly` is false.
 *
 * @param needed 'settings': configs and tokenizer, without the weights
 * @throws FILE_NOT_FOUND naming the absolute path, and the URL that was requested; OPTION_INVALID; ABORTED; what
 *   {@link fetchModel} throws
 */
export async function resolveModel(
  model: string | URL,
  options: HubOptions = {},
  needed: Needed = 'model',
): Promise<ModelFolder> {
  if (model === '' || (!isString(model) && !isUrl(model)))
    optionInvalid('model', model, 'a path, a URL or org/name')
  const name = String(model)
  checkHubOptions(options)
  checkSignal(options.signal)
  const path = pathOf(name)
  const kind = await kindOf(path)
  if (kind === 'folder') return { name, dir: path, weights: path }
  if (kind === 'file') {
    if (isWeightsFile(path)) return { name, dir: dirname(path), weights: path }
    throw invalid('OPTION_INVALID', path, 'a model folder or a weights file', 'another file')
  }
  if (!isHubName(name))
    throw new SaccadeError('FILE_NOT_FOUND', `there is no model folder ${shortenMiddle(path)}`)

  const cached = await openCached(name, options)
  if (!cached || !isComplete(cached, needed)) {
    if (isOffline(options)) {
      const damaged = cached?.damaged[0]
      const missing = cached ? `the weights of ${name}` : name
      const problem =
        cached && damaged !== undefined
          ? `${join(cached.dir, damaged)} is damaged`
          : `the cache does not have ${missing}`
      throw new SaccadeError(
        'FILE_NOT_FOUND',
        `there is no model folder ${shortenMiddle(path)}, ${problem}, and downloads are off`,
      )
    }
    const mistyped = !cached && name.includes('/') && options.localFilesOnly === undefined
    if (mistyped && (await kindOf(dirname(path))) === 'folder')
      throw new SaccadeError(
        'FILE_NOT_FOUND',
        `there is no model folder ${shortenMiddle(path)}; to download ${name} from the Hub, set localFilesOnly to false`,
      )
  }
  try {
    const dir = await fetchModel(name, options, needed)
    return { name, dir, weights: dir }
  } catch (cause) {
    // The name may be a mistyped path, whatever the Hub says.
    if (!(cause instanceof SaccadeError) || !['FILE_NOT_FOUND', 'DOWNLOAD_FAILED'].includes(cause.code))
      throw cause
    const message = `there is no model folder ${shortenMiddle(path)}, and ${cause.message}`
    throw new SaccadeError(cause.code, message, { cause })
  }
}

function pathOf(name: string): string {
  if (!name.startsWith('file:')) return resolve(name)
  try {
    return fileURLToPath(name)
  } catch (cause) {
    throw invalid('OPTION_INVALID', 'model', 'the URL of a local file', show(name), { cause })
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
