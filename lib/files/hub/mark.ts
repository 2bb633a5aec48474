import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { digestFile } from './digest.js'
import { cacheError, makeFolders, unfinishedPath } from './disk.js'
import { isCommit } from './listing.js'
import { cacheFolder, isInside } from './name.js'
import type { HubOptions } from './options.js'

/** A file as it was when it was downloaded. */
export interface FileRecord {
  readonly size: number
  readonly mtimeMs: number
  readonly sha256: string
}

/** The files of a complete folder. */
export interface Mark {
  readonly name: string
  /** Undefined for an endpoint that tells none. */
  readonly commit?: string | undefined
  /** Whether the weights, and the folders of modules, are among the files. Undefined in marks of older versions: they are. */
  readonly hasWeights?: boolean | undefined
  readonly files: Readonly<Record<string, FileRecord>>
}

/** A folder of the cache that was complete once. */
export interface CachedModel {
  readonly dir: string
  readonly mark: Mark
  /** Files that are not what was downloaded. */
  readonly damaged: readonly string[]
}

/** What a loader needs of a model: all of it, or configs and tokenizer. */
export type Needed = 'model' | 'settings'

/** Whether a folder of the cache has what is needed, undamaged. */
export function isComplete(cached: CachedModel, needed: Needed): boolean {
  return cached.damaged.length === 0 && (needed === 'settings' || cached.mark.hasWeights !== false)
}

/** Written last: a folder of the cache with this file is complete. */
const markName = '.complete.json'
/** In the folder of a branch: the commit whose folder has its files. */
const commitName = '.commit'

/** The model in the cache, if it was downloaded. Asks no server. */
export async function openCached(name: string, options: HubOptions = {}): Promise<CachedModel | undefined> {
  const folder = cacheFolder(name, options)
  const commit = (await readIfAny(join(folder, commitName)))?.trim()
  const dir = commit !== undefined && isCommit(commit) ? join(dirname(folder), commit) : folder
  const mark = parseMark(await readIfAny(join(dir, markName)))
  return mark && { dir, mark, damaged: await findDamaged(dir, mark) }
}

/**
 * Marks a folder as complete, and lets the folder of the revision name it. A mark with weights, which another process has
 * written meanwhile, stays.
 */
export async function writeMark(dir: string, mark: Mark, options: HubOptions): Promise<void> {
  const path = join(dir, markName)
  const other = mark.hasWeights === false ? parseMark(await readIfAny(path)) : undefined
  const keepsOther =
    other && isComplete({ dir, mark: other, damaged: await findDamaged(dir, other) }, 'model')
  if (!keepsOther) await replaceFile(path, JSON.stringify(mark))
  const folder = cacheFolder(mark.name, options)
  if (mark.commit === undefined) await rm(join(folder, commitName), { force: true })
  else if (folder !== dir) await replaceFile(join(folder, commitName), mark.commit)
}

/** Writes a file that readers see as a whole or not at all. */
async function replaceFile(path: string, text: string): Promise<void> {
  const unfinished = unfinishedPath(path)
  try {
    await makeFolders(dirname(path))
    await writeFile(unfinished, text, { flag: 'wx' })
    await rename(unfinished, path)
  } catch (cause) {
    throw cacheError(path, cause)
  } finally {
    await rm(unfinished, { force: true })
  }
}

/**
 * Compares sizes and times; a file whose time alone has changed, as by a copy of the cache, is compared by its hash, and
 * the mark gets the new time.
 */
async function findDamaged(dir: string, mark: Mark): Promise<string[]> {
  const damaged: string[] = []
  const moved: [string, FileRecord][] = []
  for (const [file, known] of Object.entries(mark.files)) {
    const path = join(dir, file)
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile() || found.size !== known.size) damaged.push(file)
    else if (found.mtimeMs !== known.mtimeMs) {
      if ((await digestFile(path).catch(() => undefined)) !== known.sha256) damaged.push(file)
      else moved.push([file, { ...known, mtimeMs: found.mtimeMs }])
    }
  }
  if (damaged.length === 0 && moved.length > 0) {
    const files = { ...mark.files, ...Object.fromEntries(moved) }
    // A cache that cannot be written is compared by hash each time.
    await replaceFile(join(dir, markName), JSON.stringify({ ...mark, files })).catch(() => {})
  }
  return damaged
}

async function readIfAny(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

/** Undefined for what is not a mark of this version: the folder is then completed again. */
function parseMark(text: string | undefined): Mark | undefined {
  if (text === undefined) return undefined
  try {
    const mark: unknown = JSON.parse(text)
    return isMark(mark) ? mark : undefined
  } catch {
    return undefined
  }
}

function isMark(value: unknown): value is Mark {
  const { name, commit, hasWeights, files } = Object(value)
  return (
    typeof name === 'string' &&
    (commit === undefined || (typeof commit === 'string' && isCommit(commit))) &&
    (hasWeights === undefined || typeof hasWeights === 'boolean') &&
    typeof files === 'object' &&
    files !== null &&
    Object.entries(files).every(([file, record]) => isInside(file) && isRecord(record))
  )
}

function isRecord(value: unknown): value is FileRecord {
  const { size, mtimeMs, sha256 } = Object(value)
  return typeof size === 'number' && typeof mtimeMs === 'number' && typeof sha256 === 'string'
}
