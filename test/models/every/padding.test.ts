// Padding that is masked, behind a text or the patches of an image, changes no bit of the rest.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejects } from '../../support/errors.js'
import { caseNames, casesOf, open, outputsOf } from './cases.js'
import { block, type NamedValues, numbersOf, sameValues, type Values, valuesFrom } from './values.js'

/**
 * Models that pool the last place of a text, be it padding: their texts have always the full length. The one with a class
 * token takes no mask: it knows padding by its id.
 */
const full = ['siglip', 'siglip2-fixed', 'siglip2-naflex', 'open-clip-custom-text']
const maskless = ['open-clip-class-token']

interface Sequence {
  /** Inputs [B, N, ...] that are padded together. */
  readonly inputs: readonly [string, ...string[]]
  /** Their masks [B, N]. */
  readonly masks: readonly string[]
  /** What a mask has for padding: 0, or 1 as in torch. */
  readonly padding: 0 | 1
  /** Masks [N, N] between their positions. */
  readonly square?: string
}

const sequences: readonly Sequence[] = [
  { inputs: ['inputIds', 'tokenTypeIds', 'positionIds'], masks: ['attentionMask'], padding: 0 },
  { inputs: ['decoderInputIds'], masks: ['decoderAttentionMask'], padding: 0 },
  { inputs: ['pixelValues'], masks: ['pixelAttentionMask'], padding: 0 },
  { inputs: ['src'], masks: ['srcKeyPaddingMask', 'memoryKeyPaddingMask'], padding: 1, square: 'srcMask' },
  { inputs: ['tgt'], masks: ['tgtKeyPaddingMask'], padding: 1, square: 'tgtMask' },
]

/** The same inputs without padding, and with two positions of it, which are copies of the first two. */
function padded(
  stored: NamedValues,
  { inputs, masks, padding, square }: Sequence,
): [NamedValues, NamedValues] {
  const [rows, length] = stored[inputs[0]]!.shape
  // Texts may have all positions of the model: they lose two. Patches are as many as the shape of the image says.
  const kept = length! - (inputs[0] === 'pixelValues' ? 0 : 2)
  const [bare, longer] = [{ ...stored }, { ...stored }]
  for (const name of inputs.filter((each) => stored[each])) {
    bare[name] = columns(stored[name]!, 0, kept)
    longer[name] = joined(bare[name], columns(stored[name]!, 0, 2))
  }
  for (const name of masks) {
    const mask = (count: number, value: number) =>
      valuesFrom(new Array(rows! * count).fill(value), [rows!, count], padding === 0 ? 'int64' : 'bool')
    bare[name] = mask(kept, 1 - padding)
    longer[name] = joined(bare[name], mask(2, padding))
  }
  if (square !== undefined && stored[square]) bare[square] = block(stored[square], [0, 0], [kept, kept])
  return [bare, longer]
}

function columns(values: Values, first: number, count: number): Values {
  const [rows, , ...rest] = values.shape
  return block(values, [0, first, ...rest.map(() => 0)], [rows!, count, ...rest])
}

/** Joins two tensors along axis 1. */
function joined(left: Values, right: Values): Values {
  const [rows, length, ...rest] = left.shape
  const parts = [numbersOf(left), numbersOf(right)]
  const all = Array.from({ length: rows! }, (_, row) =>
    parts.map((part) => part.slice((row * part.length) / rows!, ((row + 1) * part.length) / rows!)),
  )
  return valuesFrom(all.flat(2), [rows!, length! + right.shape[1]!, ...rest], left.dtype)
}

for (const name of caseNames)
  test(name, async () => {
    using model = await open(name)
    for (const { run, inputs, options } of await casesOf(name, model))
      for (const sequence of sequences) {
        const [first] = sequence.inputs
        if (inputs[first] === undefined || inputs[first].shape.length === 4) continue
        if (first === 'inputIds' && maskless.includes(name)) continue
        const [bare, longer] = padded(inputs, sequence)
        const [want, got] = [await outputsOf(model, bare, options), await outputsOf(model, longer, options)]
        const names = Object.keys(want).filter(
          (output) => first !== 'inputIds' || !full.includes(name) || /hidden_state|attentions/.test(output),
        )
        assert.ok(names.length > 0)
        for (const output of names) {
          const { shape } = want[output]!
          const kept = block(
            got[output]!,
            shape.map(() => 0),
            shape,
          )
          sameValues(kept, want[output]!, `${run}, ${first}: ${output}`)
        }
      }
  })

test('models without masks say so', async () => {
  for (const name of maskless) {
    using model = await open(name)
    const { inputs } = (await casesOf(name, model))[0]!
    for (const other of ['attentionMask', 'positionIds'])
      await rejects(
        () => outputsOf(model, { ...inputs, [other]: inputs.inputIds! }),
        'INPUT_INVALID',
        new RegExp(`${other}: expected none, for a model with a class token`),
      )
  }
})

test.run()
