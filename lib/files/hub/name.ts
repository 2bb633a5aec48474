import { join } from 'node:path'
import { SaccadeError, show } from '../../errors.js'
import { optionInvalid } from '../../options.js'
import { isWeightsFile } from '../find.js'
import { cacheRoot, type HubOptions } from './options.js'

/** Folder of the cache for models without an organisation; no organisation has this name. */
const noOrganisation = '_'

/**
 * Whether a name has the form of a model on the Hub: organisation or user, slash, model; or the model alone, as
 * bert-base-uncased. The name of a weights file is none.
 */
export function isHubName(name: string): boolean {
  const form = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9][\w.-]{0,95}$/
  return form.test(name) && !name.includes('..') && !isWeightsFile(name)
}

export function revisionOf({ revision = 'main' }: HubOptions): string {
  if (!/^\w[\w.-]*(?:\/\w[\w.-]*)*$/.test(revision) || revision.includes('..'))
    optionInvalid('revision', revision, 'the name of a branch, a tag or a commit')
  return revision
}

/** The folder with all revisions of a model. */
export function modelFolder(name: string, options: HubOptions): string {
  return join(cacheRoot(options), ...(name.includes('/') ? name.split('/') : [noOrganisation, name]))
}

/**
 * The folder of a revision in the cache, whether it exists or not. It has the model's files, or, for a branch of a Hub
 * that tells commits, a file that names the commit.
 * @throws OPTION_INVALID for a bad revision
 */
export function cacheFolder(name: string, options: HubOptions = {}): string {
  return join(modelFolder(name, options), encodeURIComponent(revisionOf(options)))
}

/** Whether a name of a repository's list is that of a file that stays in the model's folder. */
export function isInside(path: string): boolean {
  return path.length <= 500 && path.split('/').every((part) => /^\w[\w.+=@ -]*$/.test(part))
}

/** @throws DOWNLOAD_FAILED for a name that could leave the folder */
export function checkInside(path: string, where: string): void {
  if (!isInside(path))
    throw new SaccadeError(
      'DOWNLOAD_FAILED',
      `${where} names the file ${show(path)}, which is not a path inside it`,
    )
}
