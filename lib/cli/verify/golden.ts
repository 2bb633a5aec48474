import { basename, join } from 'node:path'
import {
  type Config,
  configInvalid,
  object,
  optional,
  positiveNumber,
  readConfig,
  string,
} from '../../files/config.js'
import type { DataOf, DType } from '../../graph/dtype.js'
import type { NamedTensors } from '../../models/reference.js'
import { Tensor } from '../../tensor/tensor.js'
import { openCheckpoint } from '../../weights/checkpoint.js'

/** A stored case: a model of a reference library with inputs and the outputs it gave for them. */
export interface Golden {
  readonly dir: string
  readonly name: string
  readonly tolerance: number
  /** Weights to try: undefined is the folder's own; others are files with the same weights in another format. */
  readonly weights: readonly (string | undefined)[]
  readonly runs: readonly GoldenRun[]
}

export interface GoldenRun {
  readonly name: string
  readonly call: Readonly<Record<string, unknown>>
  readonly inputs: NamedTensors
  readonly outputs: ReadonlyMap<string, ExpectedOutput>
}

/** What the library gave; `number`s for f32, integers for i64. */
export interface ExpectedOutput {
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

/** Reads golden.json and the tensors of its runs. @throws FILE_NOT_FOUND, CONFIG_INVALID, WEIGHTS_CORRUPT */
export async function readGolden(dir: string): Promise<Golden> {
  const config = await readConfig(dir, 'golden.json')
  const runs = config.values.runs
  if (!Array.isArray(runs) || runs.length === 0) throw configInvalid(config, 'runs', 'a list of runs')
  return {
    dir,
    name: optional(string, config, 'case') ?? basename(dir),
    tolerance: positiveNumber(config, 'tolerance'),
    weights: [undefined, ...torchFiles(config).map((file) => join(dir, basename(file)))],
    runs: await Promise.all(
      runs.map((values, index) => readRun(dir, { ...config, prefix: `runs.${index}.`, values })),
    ),
  }
}

/** Names of checkpoints beside the usual weights: golden.json has them under files.torch. */
function torchFiles(config: Config): string[] {
  if (config.values.files === undefined) return []
  const { torch } = object(config, 'files').values
  return (Array.isArray(torch) ? torch : [torch]).filter((file) => typeof file === 'string')
}

async function readRun(dir: string, config: Config): Promise<GoldenRun> {
  const file = string(config, 'io')
  using tensors = await openCheckpoint(join(dir, basename(file)))
  const inputs: NamedTensors = {}
  const outputs = new Map<string, ExpectedOutput>()
  for (const name of tensors.names()) {
    const stored = tensors.tensor(name)
    const data = await stored.data()
    // As data, not as constants: a constant input would be folded into the program.
    if (name.startsWith('input.'))
      inputs[name.slice('input.'.length)] = Tensor.from(data, stored.shape, stored.dtype)
    else if (name.startsWith('output.'))
      outputs.set(name.slice('output.'.length), {
        shape: stored.shape,
        data: data as DataOf<DType> as Float32Array,
      })
  }
  return {
    name: string(config, 'name'),
    call: config.values.call === undefined ? {} : object(config, 'call').values,
    inputs,
    outputs,
  }
}
