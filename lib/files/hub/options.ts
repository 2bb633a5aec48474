import { join } from 'node:path'
import { checkFlags, optionInvalid } from '../../options.js'
import { home, isOn } from './environment.js'

/** Argument of a progress callback, in the form of transformers.js. `name` is the model. */
export type ProgressInfo =
  | { status: 'initiate' | 'download' | 'done'; name: string; file: string }
  | { status: 'progress'; name: string; file: string; progress: number; loaded: number; total: number }
  | { status: 'ready'; task: string; model: string }

export type ProgressCallback = (info: ProgressInfo) => void

export interface HubOptions {
  /** A branch, tag or commit; default 'main'. */
  readonly revision?: string | undefined
  /** Default: the environment's HF_ENDPOINT, or https://huggingface.co. */
  readonly endpoint?: string | undefined
  /** Path of a file's folder at the endpoint. Default: '{model}/resolve/{revision}/'. */
  readonly pathTemplate?: string | undefined
  /** Default: saccade/ in the environment's HF_HOME, or ~/.cache/saccade. */
  readonly cacheDir?: string | undefined
  /** Do not download. Default: whether the environment's HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is on. */
  readonly localFilesOnly?: boolean | undefined
  /**
   * Access token, for models that are private or gated; only the endpoint's own host gets it. Default: that of the
   * environment (HF_TOKEN, or the file of `hf auth login`) unless HF_HUB_DISABLE_IMPLICIT_TOKEN is on. True: that of the
   * environment, which must have one. False: none.
   */
  readonly token?: string | boolean | undefined
  readonly progress?: ProgressCallback | undefined
  readonly signal?: AbortSignal | undefined
}

export const hubOptionNames = [
  ...['revision', 'endpoint', 'pathTemplate', 'cacheDir', 'localFilesOnly', 'token', 'progress', 'signal'],
]

/** @throws OPTION_INVALID for an option of the wrong type */
export function checkHubOptions(options: HubOptions): void {
  checkFlags(options, ['localFilesOnly'], 'options')
  for (const name of ['revision', 'endpoint', 'pathTemplate', 'cacheDir'] as const) {
    const value = options[name]
    if (value !== undefined && (typeof value !== 'string' || value.includes('\0')))
      optionInvalid(name, value, 'a text')
  }
  if (options.progress !== undefined && typeof options.progress !== 'function')
    optionInvalid('progress', options.progress, 'a function')
}

export function isOffline({ localFilesOnly }: HubOptions): boolean {
  return localFilesOnly ?? isOn(process.env.HF_HUB_OFFLINE || process.env.TRANSFORMERS_OFFLINE)
}

/** URL of the Hub, without a slash at its end. @throws OPTION_INVALID */
export function endpointOf(options: HubOptions): string {
  const endpoint = options.endpoint ?? (process.env.HF_ENDPOINT || 'https://huggingface.co')
  if (!URL.canParse(endpoint)) optionInvalid('endpoint', endpoint, 'an http or https URL')
  const { protocol, username, password } = new URL(endpoint)
  if (!/^https?:$/.test(protocol) || username !== '' || password !== '')
    optionInvalid('endpoint', endpoint, 'an http or https URL without a user')
  return endpoint.replace(/\/+$/, '')
}

/** The folder with all models that were downloaded. */
export function cacheRoot({ cacheDir }: HubOptions): string {
  return (
    cacheDir ?? (process.env.HF_HOME ? join(home(process.env.HF_HOME), 'saccade') : home('~/.cache/saccade'))
  )
}
