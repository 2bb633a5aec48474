import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Device, type DTypeName, devices, dtypeNames } from '../runtime/session.js'

/** Options that all commands which run a model have. */
export interface RunFlags {
  readonly device: Device
  readonly dtype: DTypeName
  readonly threads?: number
  readonly json: boolean
}

export function addRunOptions(command: Command): Command {
  return command
    .addOption(new Option('--device <name>', 'where to run').choices(devices).default('auto'))
    .addOption(
      new Option('--dtype <name>', 'how weights are stored').choices(Object.keys(dtypeNames)).default('fp32'),
    )
    .option('--threads <n>', 'threads to use (default: one for each core)', wholeNumber(1))
    .option('--json', 'print JSON, one object a line', false)
}

/** A parser of whole numbers for an option. */
export function wholeNumber(least: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`)
    return value
  }
}

/** The flags that a pipeline or load() takes. */
export function loadFlags({ device, dtype, threads }: RunFlags) {
  return { device, dtype, threads }
}
