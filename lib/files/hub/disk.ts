import { randomUUID } from 'node:crypto'
import { mkdir, readdir, realpath, rm, stat, statfs } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { SaccadeError } from '../../errors.js'

/** An error of node:fs at a file of the cache; a SaccadeError as it is. */
export function cacheError(path: string, cause: unknown): SaccadeError {
  if (cause instanceof SaccadeError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || code === 'EDQUOT' ? ': the disk is full' : ''
  return new SaccadeError('CACHE_UNWRITABLE', `${path} cannot be written (${code ?? message})${full}`, {
    cause,
  })
}

/** Makes the folder of a file of the model. @throws CACHE_UNWRITABLE, also for a link that leads out of `dir` */
export async function makeFolder(dir: string, file: string): Promise<void> {
  const parent = dirname(join(dir, file))
  try {
    await mkdir(parent, { recursive: true })
    if (relative(await realpath(dir), await realpath(parent)) === relative(dir, parent)) return
  } catch (cause) {
    throw cacheError(parent, cause)
  }
  throw new SaccadeError('CACHE_UNWRITABLE', `${parent} is a link that leads out of ${dir}`)
}

/** What a disk can take. */
export async function freeBytes(dir: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(dir)
    return bavail * bsize
  } catch (cause) {
    throw cacheError(dir, cause)
  }
}

/** @throws CACHE_UNWRITABLE if the disk cannot take as many bytes */
export async function checkFreeSpace(dir: string, bytes: number, what: string): Promise<void> {
  const free = await freeBytes(dir)
  if (free >= bytes) return
  const message = `${what} has ${bytes} bytes, but the disk of ${dir} has ${free} left`
  throw new SaccadeError('CACHE_UNWRITABLE', message)
}

const unfinishedName = /\.([^.]*)\.(\d+)\.[-\da-f]{36}\.incomplete$/

/** Name of a file that is being written by this process. */
export function unfinishedPath(path: string): string {
  return `${path}.${host()}.${process.pid}.${randomUUID()}.incomplete`
}

/** A download that has not written for so long is dead, wherever it runs. */
const deadAfterMs = 3_600_000

/** Removes what killed processes left in the folder of a model. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  for (const name of names.filter((name) => name.endsWith('.incomplete'))) {
    const path = join(folder, name)
    if (await isDead(path)) await rm(path, { force: true }).catch(() => {})
  }
}

async function isDead(path: string): Promise<boolean> {
  const [, where, pid] = unfinishedName.exec(path) ?? []
  if (where === host() && !isRunning(Number(pid))) return true
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > deadAfterMs
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function host(): string {
  return hostname().replaceAll(/[^\w-]/g, '_')
}
