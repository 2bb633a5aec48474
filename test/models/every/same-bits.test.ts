// Every stored case has the same bits for any number of threads, in every run, alone and in a batch, beside a row of NaN,
// and after a run that was aborted.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejects } from '../../support/errors.js'
import { caseNames, casesOf, open, outputsOf, tensorsOf } from './cases.js'
import { batchOf, inputsOfRow, outputsOfRow } from './rows.js'
import { type NamedValues, numbersOf, sameValues, valuesFrom } from './values.js'

function sameOutputs(got: NamedValues, want: NamedValues, what: string): void {
  assert.equal(Object.keys(got).sort(), Object.keys(want).sort(), what)
  for (const [name, values] of Object.entries(got)) sameValues(values, want[name]!, `${what}: ${name}`)
}

/** The inputs with one NaN in their first row; undefined if they have no float input. */
function withNaN(inputs: NamedValues): NamedValues | undefined {
  const name = ['pixelValues', 'src'].find((each) => inputs[each])
  if (name === undefined) return undefined
  const { shape, dtype } = inputs[name]!
  const numbers = numbersOf(inputs[name]!)
  numbers[0] = Number.NaN
  return { ...inputs, [name]: valuesFrom(numbers, shape, dtype) }
}

for (const name of caseNames)
  test(name, async () => {
    using model = await open(name)
    for (const { run, inputs: stored, options } of await casesOf(name, model)) {
      const { inputs, rows } = batchOf(stored)
      const want = await outputsOf(model, inputs, { ...options, threads: 1 })
      sameOutputs(await outputsOf(model, inputs, { ...options, threads: 2 }), want, `${run}, 2 threads`)

      const controller = new AbortController()
      const aborted = model.run(tensorsOf(inputs), { ...options, signal: controller.signal })
      controller.abort()
      await rejects(() => aborted, 'ABORTED', /aborted by its signal/)
      await rejects(
        () => outputsOf(model, inputs, { ...options, signal: controller.signal }),
        'ABORTED',
        /aborted/,
      )
      sameOutputs(await outputsOf(model, inputs, options), want, `${run}, after aborted runs`)

      for (let row = 0; row < rows; row++) {
        const alone = await outputsOf(model, inputsOfRow(inputs, row), options)
        sameOutputs(outputsOfRow(alone, 0, 1), outputsOfRow(want, row, rows), `${run}, row ${row} alone`)
      }
      const dirty = withNaN(inputs)
      if (dirty) {
        const beside = await outputsOf(model, dirty, options)
        const last = rows - 1
        sameOutputs(outputsOfRow(beside, last, rows), outputsOfRow(want, last, rows), `${run}, beside NaN`)
      }
    }
  })

test.run()
