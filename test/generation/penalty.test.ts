// encoder_repetition_penalty with beams: transformers applies it to row i of the batch with source i, so a text's result
// depends on its place in the batch, and so it does here. Expected: MarianMTModel.generate of transformers 5.18 and 4.57.
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, type Marian, Tensor } from '../../lib/index.js'

const folder = fileURLToPath(new URL('../data/reports/encoder-repetition-penalty/model', import.meta.url))
const padding = 42
const [a, b, c] = [
  [2, 14, 13, 15, 0],
  [41, 16, 12, 0],
  [2, 14, 0],
] as const

const cases: [sources: (readonly number[])[], results: string[]][] = [
  [[a], ['15 15 15 15 15 15 15 15 15 15 15 15']],
  [[b], ['41 16 16 16 16 16 16 17 16 16 16 16']],
  [[c], ['14 14 15 15 15 15 15 15 15 15 15 15']],
  [
    [b, a],
    ['12 2 16 15 15 15 15 15 16 15 15 15', '35 35 35 35 35 35 35 35 35 15 15 15'],
  ],
  [
    [a, b, c],
    ['15 15 15 15 15 15 15 15 15 15 15 15', '2 2 2 2 2 2 2 2 2 2 2 2', '28 35 15 15 15 15 15 15 15 15 15 15'],
  ],
]

test('the penalty is that of the library, also in a batch with beams', async () => {
  using model = await load<Marian>(folder)
  for (const [sources, results] of cases) {
    const longest = Math.max(...sources.map(({ length }) => length))
    const tensor = (value: (token: number) => number, fill: number) => {
      const rows = sources.map((row) => [
        ...row.map(value),
        ...new Array<number>(longest - row.length).fill(fill),
      ])
      return Tensor.from(rows.flat(), [rows.length, longest], 'int64')
    }
    const inputIds = tensor((token) => token, padding)
    const attentionMask = tensor(() => 1, 0)
    const { sequences } = await model.generate({ inputIds, attentionMask })
    assert.equal(
      sequences.map((row) => row.slice(1, -1).join(' ')),
      results,
    )
  }
})

test.run()
