import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RunReport, verify } from '../../lib/cli/verify/verify.js'
import { load } from '../../lib/models/load.js'
import type { Model } from '../../lib/models/model.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { writeSafetensors } from '../weights/build.js'

/** A folder of the stored cases. */
export function golden(name: string): string {
  return fileURLToPath(new URL(`../data/goldens/${name}`, import.meta.url))
}

/** A weight of a case, in float32. */
export interface Weight {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/**
 * Opens a copy of a case whose config has other values.
 * @param edit changes the weights by name
 */
export async function openChanged<M extends Model>(
  name: string,
  changes: object,
  edit?: (weights: Map<string, Weight>) => void,
): Promise<M> {
  const dir = await mkdtemp(join(tmpdir(), 'saccade-case-'))
  try {
    await cp(golden(name), dir, { recursive: true })
    const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, ...changes }))
    if (edit) await editWeights(join(dir, 'model.safetensors'), edit)
    return (await load(dir)) as M
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function editWeights(file: string, edit: (weights: Map<string, Weight>) => void): Promise<void> {
  const weights = new Map<string, Weight>()
  {
    using checkpoint = await openCheckpoint(file)
    for (const name of checkpoint.names()) {
      const tensor = checkpoint.tensor(name)
      weights.set(name, { shape: tensor.shape, data: Float32Array.from(await tensor.data(), Number) })
    }
  }
  edit(weights)
  const tensors = [...weights].map(([name, weight]) => ({ name, dtype: 'F32' as const, ...weight }))
  await writeSafetensors(file, tensors)
}

/** A test for each case: all its runs and outputs agree with the reference. */
export function testGoldens(test: Test, names: readonly string[]): void {
  for (const name of names)
    test(`${name}: every output of every run agrees with the reference`, async () => {
      let runs = 0
      for await (const report of verify(golden(name))) {
        assert.ok(report.pass, explain(report))
        assert.ok(report.outputs.length > 0, `${report.run} compared nothing`)
        runs++
      }
      assert.ok(runs > 0, 'no runs')
    })
}

function explain({ case: name, run, error, outputs, tolerance }: RunReport): string {
  const bad = outputs.filter(({ pass }) => !pass)
  const lines = bad.map(
    ({ name, relative, problem }) => `${name}: ${problem ?? `${relative} is over ${tolerance}`}`,
  )
  return [`${name}, run ${run}`, ...(error ? [error] : []), ...lines].join('\n')
}
