import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { FileFacts } from './listing.js'

/** Hex digest of a file. @param hash that has been fed with what stands before the bytes */
export async function digestFile(path: string, hash: Hash = createHash('sha256')): Promise<string> {
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** The name that git gives to a blob of this content. */
export function gitHash(size: number): Hash {
  return createHash('sha1').update(`blob ${size}\0`)
}

/** Whether a file is the one that the facts tell, by its hash; false if they tell no hash. */
export async function isTheFile(path: string, { size, sha256, gitSha1 }: FileFacts): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || (size !== undefined && found.size !== size)) return false
  if (sha256 !== undefined) return (await digestFile(path)) === sha256
  return gitSha1 !== undefined && (await digestFile(path, gitHash(found.size))) === gitSha1
}
