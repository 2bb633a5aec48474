import { basename } from 'node:path'
import { SaccadeError } from '../../errors.js'
import { type LoadOptions, load } from '../../models/load.js'
import type { Model } from '../../models/model.js'
import { runReference } from '../../models/references.js'
import { evaluate } from '../../tensor/evaluate.js'
import { compareOutput, type OutputReport } from './compare.js'
import { type Golden, type GoldenRun, readGolden } from './golden.js'

/** One run of a case. */
export interface RunReport {
  readonly dir: string
  readonly case: string
  readonly run: string
  /** The weights file, where it is not the folder's usual one. */
  readonly weights?: string
  readonly tolerance: number
  readonly outputs: readonly OutputReport[]
  readonly pass: boolean
  /** Why the run could not be made, with the error's code. */
  readonly error?: string
  readonly milliseconds: number
}

/**
 * Runs the stored cases of a folder through the ordinary loader and compares every output with the reference.
 * A case that cannot be loaded or run is a failed run, never an exception; only a signal throws.
 */
export async function* verify(dir: string, options: LoadOptions = {}): AsyncGenerator<RunReport> {
  let golden: Golden
  try {
    golden = await readGolden(dir)
  } catch (error) {
    yield failure(dir, basename(dir), 'golden.json', 0, error)
    return
  }
  for (const weights of golden.weights) {
    let model: Model
    try {
      model = await load(weights ?? dir, options)
    } catch (error) {
      for (const run of golden.runs)
        yield failure(dir, golden.name, run.name, golden.tolerance, error, weights)
      continue
    }
    try {
      for (const run of golden.runs) yield await verifyRun(golden, run, model, options, weights)
    } finally {
      model.dispose()
    }
  }
}

async function verifyRun(
  golden: Golden,
  run: GoldenRun,
  model: Model,
  options: LoadOptions,
  weights: string | undefined,
): Promise<RunReport> {
  const started = performance.now()
  const { dir, name, tolerance } = golden
  try {
    const names = [...run.outputs.keys()]
    const given = await runReference(model, { ...run, outputs: names })
    await evaluate(
      names.flatMap((output) => given[output] ?? []),
      { session: model.session, signal: options.signal },
    )
    const outputs: OutputReport[] = []
    for (const [output, want] of run.outputs)
      outputs.push(await compareOutput(output, given[output], want, tolerance))
    return {
      ...{ dir, case: name, run: run.name, ...named(weights), tolerance, outputs },
      pass: outputs.every(({ pass }) => pass),
      milliseconds: performance.now() - started,
    }
  } catch (error) {
    if (options.signal?.aborted) throw error
    return failure(dir, name, run.name, tolerance, error, weights)
  }
}

function failure(
  dir: string,
  name: string,
  run: string,
  tolerance: number,
  error: unknown,
  weights?: string,
): RunReport {
  const text =
    error instanceof SaccadeError
      ? `${error.code}: ${error.message}`
      : String((error as Error)?.stack ?? error)
  return {
    dir,
    case: name,
    run,
    ...named(weights),
    tolerance,
    outputs: [],
    pass: false,
    error: text,
    milliseconds: 0,
  }
}

function named(weights: string | undefined): { weights?: string } {
  return weights === undefined ? {} : { weights: basename(weights) }
}
