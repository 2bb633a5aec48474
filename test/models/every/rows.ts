// Batches of stored inputs, and their rows.
import { block, type NamedValues, numbersOf, type Values, valuesFrom } from './values.js'

/** Masks of torch between positions: inputs without a batch. */
const unbatched = ['srcMask', 'tgtMask', 'memoryMask']

/** Outputs of which each element belongs to an image and a text. */
const ofPairs = ['logits_per_image', 'logits_per_text']

/** Outputs of the batch as a whole. */
const ofBatch = ['loss']

/** Several rows of each input. A stored batch of one gets a second row: the first one backwards. */
export function batchOf(inputs: NamedValues): { readonly inputs: NamedValues; readonly rows: number } {
  const batched = Object.entries(inputs).filter(([name]) => !unbatched.includes(name))
  const rows = Math.min(...batched.map(([, { shape }]) => shape[0]!))
  const taken = batched.map(([name, values]) => [name, rows > 1 ? rowsOf(values, 0, rows) : doubled(values)])
  return { inputs: { ...inputs, ...Object.fromEntries(taken) }, rows: Math.max(rows, 2) }
}

function doubled(values: Values): Values {
  const row = numbersOf(rowsOf(values, 0, 1))
  return valuesFrom([...row, ...row.toReversed()], [2, ...values.shape.slice(1)], values.dtype)
}

function rowsOf(values: Values, first: number, count: number): Values {
  const rest = values.shape.slice(1)
  return block(values, [first, ...rest.map(() => 0)], [count, ...rest])
}

/** One row of all inputs. */
export function inputsOfRow(inputs: NamedValues, row: number): NamedValues {
  const cut = Object.entries(inputs).map(([name, values]) => [
    name,
    unbatched.includes(name) ? values : rowsOf(values, row, 1),
  ])
  return Object.fromEntries(cut)
}

/** What the outputs of a batch say about one row. */
export function outputsOfRow(outputs: NamedValues, row: number, rows: number): NamedValues {
  const cut = Object.entries(outputs)
    .filter(([name]) => !ofBatch.includes(name))
    .map(([name, values]) => {
      if (ofPairs.includes(name)) return [name, block(values, [row, row], [1, 1])]
      // Windows of an image are rows of attention weights.
      const count = values.shape[0]! / rows
      return [name, rowsOf(values, row * count, count)]
    })
  return Object.fromEntries(cut)
}
