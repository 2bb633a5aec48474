// Inputs and options that a model cannot take: each is a SaccadeError with its code, and its message names the culprit.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError, type SaccadeErrorCode } from '../../../lib/errors.js'
import type { DType } from '../../../lib/graph/dtype.js'
import { sizeOf } from '../../../lib/graph/shape.js'
import type { AnyInputs } from '../../../lib/models/any.js'
import { Tensor } from '../../../lib/tensor/tensor.js'
import { type Case, caseNames, casesOf, type EveryModel, open, tensorsOf } from './cases.js'
import type { Values } from './values.js'

/** A wrong call of run(): the codes that its error may have, and what its message must say. */
interface Wrong {
  readonly what: string
  readonly codes: readonly SaccadeErrorCode[]
  readonly culprit: RegExp
  readonly inputs: unknown
  readonly options?: unknown
}

/** The inputs of all families. */
const inputNames: readonly (keyof AnyInputs)[] = [
  ...(['pixelValues', 'pixelAttentionMask', 'spatialShapes', 'maskedPatches', 'noise'] as const),
  ...(['inputIds', 'attentionMask', 'positionIds', 'tokenTypeIds'] as const),
  ...(['decoderInputIds', 'decoderAttentionMask', 'src', 'tgt', 'srcMask', 'tgtMask', 'memoryMask'] as const),
  ...(['srcKeyPaddingMask', 'tgtKeyPaddingMask', 'memoryKeyPaddingMask'] as const),
  ...(['srcIsCausal', 'tgtIsCausal', 'memoryIsCausal'] as const),
]

type WrongValue = readonly [what: string, code: SaccadeErrorCode, value: unknown]

const zeros = (shape: readonly number[], dtype: DType = 'float32') => Tensor.zeros(shape, dtype)

/** One more along an axis. */
const longer = (shape: readonly number[], axis: number) =>
  shape.map((size, index) => size + Number(index === axis))

/** Values of the wrong kind, by the names of the inputs that cannot take them. */
const wrongValues: readonly (readonly [names: RegExp, values: (values: Values) => readonly WrongValue[]])[] =
  [
    [
      /./,
      ({ shape, dtype }) => {
        const disposed = zeros(shape, dtype)
        disposed.dispose()
        return [
          ['a list of NaN', 'INPUT_INVALID', [Number.NaN]],
          ['one axis', 'SHAPE_MISMATCH', zeros([sizeOf(shape)], dtype)],
          ['three axes too many', 'SHAPE_MISMATCH', zeros([1, 1, 1, ...shape], dtype)],
          ['a disposed tensor', 'DISPOSED', disposed],
        ]
      },
    ],
    [
      /^(pixelValues|src|tgt|noise|(src|tgt|memory)Mask)$/,
      ({ shape }) => [['integers', 'DTYPE_MISMATCH', zeros(shape, 'int32')]],
    ],
    [
      /Ids$|(Padding|attention|Attention)Mask$|^(maskedPatches|spatialShapes)$/,
      ({ shape }) => [['NaN', 'DTYPE_MISMATCH', Tensor.full(shape, Number.NaN)]],
    ],
    [
      /Ids$/,
      ({ shape, dtype }) => [
        ['-1', 'TOKEN_OUT_OF_RANGE', Tensor.full(shape, -1, dtype)],
        ['an id too large', 'TOKEN_OUT_OF_RANGE', Tensor.full(shape, 2 ** 31 - 1, dtype)],
      ],
    ],
    [
      /[iI]nputIds$/,
      ({ shape, dtype }) => [['a long text', 'TEXT_TOO_LONG', zeros([shape[0]!, 10_000], dtype)]],
    ],
    [
      /^(pixelValues|src|tgt)$|[iI]nputIds$/,
      ({ shape, dtype }) => [['no rows', 'EMPTY_BATCH', zeros([0, ...shape.slice(1)], dtype)]],
    ],
    [
      /Mask$|^(tokenTypeIds|positionIds|maskedPatches|spatialShapes|noise)$/,
      ({ shape, dtype }) => [
        ['a row too many', 'SHAPE_MISMATCH', zeros(longer(shape, 0), dtype)],
        ['a column too many', 'SHAPE_MISMATCH', zeros(longer(shape, 1), dtype)],
      ],
    ],
    [
      /^pixelValues$/,
      ({ shape }) =>
        shape.length === 4
          ? [
              ['a channel too many', 'SHAPE_MISMATCH', zeros(longer(shape, 1))],
              ['images without height', 'SHAPE_MISMATCH', zeros([shape[0]!, shape[1]!, 0, shape[3]!])],
            ]
          : [['patches too large', 'SHAPE_MISMATCH', zeros(longer(shape, 2))]],
    ],
    [/^(src|tgt)$/, ({ shape }) => [['too wide', 'SHAPE_MISMATCH', zeros(longer(shape, 2))]]],
  ]

function wrongCalls({ inputs: stored, options }: Case): Wrong[] {
  const inputs = tensorsOf(stored)
  const first = ['pixelValues', 'inputIds', 'src'].find((name) => stored[name])!
  const call = (what: string, code: SaccadeErrorCode, culprit: string, changes: object): Wrong => ({
    ...{ what, codes: [code], culprit: new RegExp(culprit), inputs, options },
    ...changes,
  })
  const option = (what: string, code: SaccadeErrorCode, culprit: string, changes: object) =>
    call(what, code, culprit, { options: { ...options, ...changes } })
  const given = (name: string, value: unknown) => ({ inputs: { ...inputs, [name]: value } })
  return [
    call('no inputs', 'INPUT_INVALID', first, { inputs: {} }),
    call('null', 'OPTION_INVALID', 'inputs: expected an object', { inputs: null }),
    call('a tensor', 'OPTION_INVALID', `inputs: expected an object with .*${first}`, {
      inputs: inputs[first],
    }),
    call('an unknown input', 'OPTION_UNKNOWN', "'pixels'", given('pixels', 1)),
    call('null for options', 'OPTION_INVALID', 'null', { options: null }),
    option('an unknown option', 'OPTION_UNKNOWN', "'hiddenState'", { hiddenState: true }),
    option('a word for a flag', 'OPTION_INVALID', 'hiddenStates', { hiddenStates: 'yes' }),
    option('-1 threads', 'OPTION_INVALID', 'threads', { threads: -1 }),
    option('a number for a signal', 'OPTION_INVALID', 'signal', { signal: 5 }),
    ...inputNames.flatMap((name) =>
      [null, 'a red circle'].map((value) => ({
        ...call(`${name}: ${value}`, 'INPUT_INVALID', name, given(name, value)),
        // An input that the model does not have, one without the ids that it belongs to, or a flag.
        ...(stored[name] === undefined && {
          culprit: new RegExp(`\\b(${name}|inputIds)\\b`),
          codes: ['OPTION_UNKNOWN', 'INPUT_INVALID', 'OPTION_INVALID'] as const,
        }),
      })),
    ),
    ...Object.entries(stored).flatMap(([name, values]) =>
      wrongValues
        .filter(([names]) => names.test(name))
        .flatMap(([, wrong]) => wrong(values))
        .map(([what, code, value]) => call(`${name}: ${what}`, code, name, given(name, value))),
    ),
  ]
}

/** What does not hold of a wrong call, or undefined. */
async function fault(model: EveryModel, wrong: Wrong): Promise<string | undefined> {
  const { what, codes, culprit, inputs, options } = wrong
  try {
    await model.run(inputs as object, options as object)
  } catch (error) {
    if (!(error instanceof SaccadeError)) return `${what}: ${error}`
    const fits = codes.includes(error.code) && culprit.test(error.message)
    return fits
      ? undefined
      : `${what}: expected ${codes} with ${culprit}, got ${error.code}: ${error.message}`
  }
  return `${what}: nothing was thrown`
}

for (const name of caseNames)
  test(name, async () => {
    const model = await open(name)
    const cases = await casesOf(name, model)
    const faults: (string | undefined)[] = []
    for (const each of cases) for (const wrong of wrongCalls(each)) faults.push(await fault(model, wrong))
    model.dispose()
    const inputs = tensorsOf(cases[0]!.inputs)
    faults.push(
      await fault(model, { what: 'disposed', codes: ['DISPOSED'], culprit: new RegExp(name), inputs }),
    )
    assert.equal(
      faults.filter((each) => each !== undefined),
      [],
    )
  })

test.run()
