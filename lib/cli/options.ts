import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Device, type DTypeName, devices, dtypeNames } from '../runtime/session.js'

/** Options of all commands that run a model. */
export interface RunFlags {
  readonly device: Device
  readonly dtype: DTypeName
  readonly threads?: number
  readonly json: boolean
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

/** A parser of whole numbers for an option. */
export function wholeNumber(min: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min)
      throw new InvalidArgumentError(`Expected a whole number of at least ${min}.`)
    return value
  }
}

/** The options of load() and pipeline() among the flags. */
export function loadFlags({ device, dtype, threads }: RunFlags) {
  return { device, dtype, threads }
}
