// Every stored case has the same bits for any number of threads, in every run, alone and in a batch, beside a row of NaN,
// and after a run that was aborted.
import { test } from 'uvu'
import { rejects } from '../../support/errors.js'
import { caseNames, casesOf, open, outputsOf, tensorsOf } from './cases.js'
import { checkIndependence, sameOutputs } from './independence.js'
import { outputsOfRow } from './rows.js'
import { type NamedValues, numbersOf, valuesFrom } from './values.js'

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
    for (const each of await casesOf(name, model)) {
      const { run, options } = each
      const { inputs, rows, outputs } = await checkIndependence(model, each)

      const controller = new AbortController()
      const { signal } = controller
      const aborted = model.run(tensorsOf(inputs), { ...options, signal })
      controller.abort()
      await rejects(() => aborted, 'ABORTED', /aborted by its signal/)
      await rejects(() => outputsOf(model, inputs, { ...options, signal }), 'ABORTED', /aborted/)
      sameOutputs(await outputsOf(model, inputs, options), outputs, `${run}, after aborted runs`)

      const dirty = withNaN(inputs)
      if (dirty === undefined) continue
      const beside = await outputsOf(model, dirty, options)
      const last = rows - 1
      sameOutputs(outputsOfRow(beside, last, rows), outputsOfRow(outputs, last, rows), `${run}, beside NaN`)
    }
  })

test.run()
