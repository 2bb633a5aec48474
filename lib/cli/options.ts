import { type Command, InvalidArgumentError, Option } from 'commander'
import type { LoadOptions } from '../models/load.js'
import type { PipelineOptions } from '../pipelines/pipeline.js'
import { type Device, type DTypeName, devices, dtypeNames } from '../runtime/session.js'
import { DownloadProgress } from './progress.js'

/** Options of all commands that run a model. */
export interface RunFlags {
  readonly device: Device
  readonly dtype: DTypeName
  readonly threads?: number
  readonly json: boolean
}

/** Options of the commands that take a model by its name on the Hub. */
export interface HubFlags extends RunFlags {
  readonly revision?: string
  readonly token?: string
  readonly offline?: true
  readonly cacheDir?: string
}

export function addRunOptions(command: Command): Command {
  return command
    .addOption(new Option('--device <name>', 'device to run on').choices(devices).default('auto'))
    .addOption(
      new Option('--dtype <name>', 'data type of the weights')
        .choices(Object.keys(dtypeNames))
        .default('fp32'),
    )
    .option('--threads <n>', 'number of threads (default: one for each core)', wholeNumber(1))
    .option('--json', 'print JSON, one object a line', false)
}

export function addHubOptions(command: Command): Command {
  return addRunOptions(command)
    .option('--revision <name>', 'branch, tag or commit of the model on the Hub')
    .option('--token <token>', 'access token of the Hub (default: HF_TOKEN, or the one of `hf auth login`)')
    .option('--offline', 'do not download')
    .option('--cache-dir <dir>', 'folder of downloaded models (default: ~/.cache/saccade)')
}

/** A parser of whole numbers for an option. */
export function wholeNumber(min: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`)
    return value
  }
}

/** The options of load() among the flags of a run. */
export function runFlags({ device, dtype, threads }: RunFlags) {
  return { device, dtype, threads }
}

/** The options of load() among the flags; downloads are shown. */
export function loadFlags(flags: HubFlags, signal: AbortSignal): LoadOptions {
  const { revision, token, offline, cacheDir } = flags
  const shown = new DownloadProgress()
  const hub = { revision, token, cacheDir, localFilesOnly: offline }
  return { ...runFlags(flags), ...hub, progress: (info) => shown.tell(info), signal }
}

/** The same for pipeline(). */
export function pipelineFlags(flags: HubFlags, signal: AbortSignal): PipelineOptions {
  const { cacheDir, localFilesOnly, progress, ...same } = loadFlags(flags, signal)
  return { ...same, cache_dir: cacheDir, local_files_only: localFilesOnly, progress_callback: progress }
}
