import * as assert from 'uvu/assert'
import { type Case, type EveryModel, outputsOf } from './cases.js'
import { batchOf, inputsOfRow, outputsOfRow } from './rows.js'
import { type NamedValues, sameValues } from './values.js'

export function sameOutputs(got: NamedValues, want: NamedValues, what: string): void {
  assert.equal(Object.keys(got).sort(), Object.keys(want).sort(), what)
  for (const [name, values] of Object.entries(got)) sameValues(values, want[name]!, `${what}: ${name}`)
}

/** A batch of a case, and its results. */
export interface Batch {
  readonly inputs: NamedValues
  readonly rows: number
  readonly outputs: NamedValues
}

/** Fails unless a batch has the same bits on one thread and on two, and each of its rows the bits that it has alone. */
export async function checkIndependence(
  model: EveryModel,
  { run, inputs: stored, options }: Case,
): Promise<Batch> {
  const { inputs, rows } = batchOf(stored)
  const outputs = await outputsOf(model, inputs, { ...options, threads: 1 })
  sameOutputs(await outputsOf(model, inputs, { ...options, threads: 2 }), outputs, `${run}, 2 threads`)
  for (let row = 0; row < rows; row++) {
    const alone = await outputsOf(model, inputsOfRow(inputs, row), options)
    sameOutputs(outputsOfRow(alone, 0, 1), outputsOfRow(outputs, row, rows), `${run}, row ${row} alone`)
  }
  return { inputs, rows, outputs }
}
