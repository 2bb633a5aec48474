import { SaccadeError, show } from '../../errors.js'

/** What the Hub tells about a file. `gitSha1` is the name of git's blob. */
export interface FileFacts {
  readonly size?: number | undefined
  readonly sha256?: string | undefined
  readonly gitSha1?: string | undefined
}

export interface Listing {
  readonly commit: string
  readonly files: ReadonlyMap<string, FileFacts>
}

/** @throws DOWNLOAD_FAILED */
export function parseListing(text: string, url: string): Listing {
  const bad = (expected: string) =>
    new SaccadeError('DOWNLOAD_FAILED', `${url}: expected ${expected}, got another answer`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new SaccadeError('DOWNLOAD_FAILED', `${url}: expected JSON, got something else`, { cause })
  }
  const { sha, siblings } = record(value)
  if (typeof sha !== 'string' || !isCommit(sha)) throw bad('the commit of the model')
  if (!Array.isArray(siblings)) throw bad('the list of files of the model')
  const files = new Map<string, FileFacts>()
  for (const sibling of siblings) {
    const { rfilename, size, blobId, lfs } = record(sibling)
    if (typeof rfilename !== 'string') throw bad('names of files')
    const large = record(lfs)
    const facts =
      'sha256' in large ? { size: large.size ?? size, sha256: large.sha256 } : { size, gitSha1: blobId }
    files.set(rfilename, checkedFacts(facts))
  }
  return { commit: sha, files }
}

export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

/** Facts of which those that have another form are dropped. */
export function checkedFacts(facts: { [Key in keyof FileFacts]: unknown }): FileFacts {
  const { size, sha256, gitSha1 } = facts
  return {
    size: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined,
    sha256: typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    gitSha1: typeof gitSha1 === 'string' && isCommit(gitSha1) ? gitSha1 : undefined,
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** The URL that a Link header names with rel="next". The token is sent there, so it must be of the same origin. @throws DOWNLOAD_FAILED */
export function nextPage(link: string, url: string): string | undefined {
  const target = /<([^<>]*)>\s*;(?:[^<>,]*;)?\s*rel="?next"?/.exec(link)?.[1]
  if (target === undefined) return undefined
  if (URL.canParse(target, url) && new URL(target, url).origin === new URL(url).origin)
    return new URL(target, url).href
  throw new SaccadeError(
    'DOWNLOAD_FAILED',
    `${url} names ${show(target)} as its next page, which is of another server`,
  )
}
