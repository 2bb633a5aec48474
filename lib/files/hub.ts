import { abortError, onAbort } from '../abort.js'
import { readConfigIfAny } from './config.js'
import { weightFileNames, weightsIn } from './find.js'
import { removeLeftovers } from './hub/disk.js'
import { Download } from './hub/download.js'
import { type CachedModel, isComplete, type Needed, openCached } from './hub/mark.js'
import { modelFolder } from './hub/name.js'
import { checkHubOptions, type HubOptions } from './hub/options.js'
import { configFileNames, isSideFile, sideFileNames } from './hub/select.js'
import { readModuleList } from './modules.js'
import { namedWeights } from './named-weights.js'
import { readShardIndex } from './shard-index.js'

export { cacheFolder, isHubName } from './hub/name.js'
export type { HubOptions, ProgressCallback, ProgressInfo } from './hub/options.js'

/**
 * Downloads a model from the Hub to the cache, unless it is there, and returns its folder. For a tokenizer or an image
 * processor ('settings') it leaves out the weights. The Hub's list of files tells
 * which files a loader reads; an endpoint without a list is asked for the usual names. All files are from one commit, and
 * are checked by size and hash, or, where no hash is told, by their form. A file has another name until it is complete. A
 * folder is complete when its mark is written; its files are compared with the mark whenever the model is opened, and
 * damaged ones are downloaded again. A model in the cache is not updated: delete its folder to get a newer version.
 *
 * @throws FILE_NOT_FOUND naming the URL: it does not exist, or needs a token; DOWNLOAD_FAILED naming the URL; CACHE_UNWRITABLE
 *   naming the path; LIMIT_EXCEEDED; OPTION_INVALID; CONFIG_INVALID for a bad index of shards; ABORTED
 */
export async function fetchModel(
  name: string,
  options: HubOptions = {},
  needed: Needed = 'model',
): Promise<string> {
  checkHubOptions(options)
  const cached = await openCached(name, options)
  if (cached && isComplete(cached, needed)) return cached.dir
  const controller = new AbortController()
  const remove = onAbort(options.signal, () => controller.abort())
  try {
    return await downloadModel(name, options, needed, cached, controller.signal)
  } catch (error) {
    throw options.signal?.aborted ? abortError(options.signal) : error
  } finally {
    remove()
  }
}

async function downloadModel(
  name: string,
  options: HubOptions,
  needed: Needed,
  cached: CachedModel | undefined,
  signal: AbortSignal,
): Promise<string> {
  await removeLeftovers(modelFolder(name, options))
  const download = await Download.begin(name, options, cached, signal)
  const names = download.namesIn('')

  let configs = 0
  for (const file of configFileNames) if (await download.get(file)) configs++
  if (configs === 0) throw download.notFound(configFileNames)

  // Files that the cache has are kept, so a model that had its weights keeps them when its tokenizer is repaired.
  const withWeights = needed === 'model' || (cached !== undefined && cached.mark.hasWeights !== false)
  if (withWeights) await getWeights(download, names, name)
  for (const file of names?.filter(isSideFile) ?? sideFileNames) await download.get(file)
  if (withWeights && (await download.get('modules.json')))
    for (const { folder } of await readModuleList(download.dir))
      if (folder !== '') await getModule(download, `${folder}/`)
  await download.complete(withWeights)
  return download.dir
}

/** Gets one set of weights. @throws FILE_NOT_FOUND if there is none */
async function getWeights(
  download: Download,
  names: readonly string[] | undefined,
  name: string,
): Promise<void> {
  const config = await readConfigIfAny(download.dir, 'config.json')
  const named = config && namedWeights(config)
  const listed = names && named === undefined ? weightsIn(names, name) : named
  const wanted = listed === undefined ? weightFileNames : [listed]
  const weights = await download.first(wanted)
  if (weights === undefined) throw download.notFound(wanted)
  if (weights.endsWith('.index.json')) {
    const { shards } = await readShardIndex(download.dir, weights)
    for (const shard of shards) if (!(await download.get(shard))) throw download.notFound([shard])
  }
}

/** Gets the files of a module of sentence-transformers: config, weights if it has any, and what else a loader reads. */
async function getModule(download: Download, folder: string): Promise<void> {
  await download.get(`${folder}config.json`)
  await download.first(['model.safetensors', 'pytorch_model.bin'].map((file) => `${folder}${file}`))
  for (const file of download.namesIn(folder)?.filter(isSideFile) ?? [])
    await download.get(`${folder}${file}`)
}
