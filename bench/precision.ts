// Accuracy of narrow precisions: the cosine similarity of outputs with those of the reference library in float64, for the
// shipped models and every stored case.
//
//   npm run bench:precision
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { readGolden } from '../lib/cli/verify/golden.js'
import { evaluate, load, SaccadeError, Tensor } from '../lib/index.js'
import { runReference } from '../lib/models/references.js'
import type { Vit } from '../lib/models/vit/vit.js'
import { cos_sim } from '../lib/pipelines/tensor-output.js'
import { getRuntime } from '../lib/runtime/runtime.js'
import type { DTypeName } from '../lib/runtime/session.js'
import { openCheckpoint } from '../lib/weights/checkpoint.js'
import { describeMachine, saveReport } from './report.js'

const dtypes = ['fp16', 'bf16', 'q8'] as const satisfies readonly DTypeName[]
const folder = (path: string) => fileURLToPath(new URL(`../${path}/`, import.meta.url))

/** The lowest cosine over the outputs of all runs, and the name of that output. */
async function ofCase(dir: string, dtype: DTypeName): Promise<[number, string]> {
  let lowest: [number, string] = [1, '']
  using model = await load(dir, { dtype })
  for (const run of (await readGolden(dir)).runs) {
    const names = [...run.outputs.keys()]
    const given = await runReference(model, { ...run, outputs: names })
    const computed = names.flatMap((name) => given[name] ?? [])
    await evaluate(computed, { session: model.session })
    for (const [name, want] of run.outputs) {
      const got = given[name]
      if (!got || !(want.data instanceof Float32Array)) continue
      const close = cos_sim((await got.data()) as Float32Array, want.data)
      // Negated, so that NaN counts as the lowest.
      if (!(close >= lowest[0])) lowest = [close, name]
    }
  }
  return lowest
}

/** The cosine of the logits of a shipped image model, and the number of answers that equal the reference's. */
async function ofShipped(name: string, dtype: DTypeName): Promise<[number, string]> {
  using model = await load<Vit>(`${folder('models')}${name}`, { dtype })
  using reference = await openCheckpoint(`${folder('models')}${name}/samples/reference.safetensors`)
  const pixels = reference.tensor('pixel_values')
  const pixelValues = Tensor.from(await pixels.data(), pixels.shape) as Tensor<'float32'>
  const { logits } = await model.run({ pixelValues })
  const got = (await logits!.data()) as Float32Array
  const want = (await reference.tensor('logits').data()) as Float32Array
  const [rows, classes] = logits!.shape as readonly number[] as [number, number]
  const answer = (data: Float32Array, row: number) => {
    const own = data.subarray(row * classes, (row + 1) * classes)
    return own.indexOf(Math.max(...own))
  }
  const same = Array.from({ length: rows }, (_, row) => answer(got, row) === answer(want, row))
  return [cos_sim(got, want), `${same.filter(Boolean).length} of ${rows} answers`]
}

const goldens = folder('test/data/goldens')
/** Folders without such a file have cases of other kinds; some models are not supported yet. */
async function canRun(name: string): Promise<boolean> {
  if (!existsSync(`${goldens}${name}/golden.json`)) return false
  try {
    using _model = await load(`${goldens}${name}`)
    return true
  } catch (error) {
    if (!(error instanceof SaccadeError && error.code === 'ARCHITECTURE_UNSUPPORTED')) throw error
    console.log(`${name}: skipped, ${error.message}`)
    return false
  }
}
const names: string[] = []
for (const name of readdirSync(goldens)) if (await canRun(name)) names.push(name)
const { cpu, isa, compiler } = getRuntime().native.info()
const machine = describeMachine({ cpu, cores: availableParallelism(), isa, compiler })
const rows: Record<string, string | number>[] = []
for (const [list, measure] of [
  [['digits-vit', 'digits-convnext'], ofShipped],
  [names, (name: string, dtype: DTypeName) => ofCase(`${goldens}${name}`, dtype)],
] as const)
  for (const name of list) {
    const row: Record<string, string | number> = { name }
    for (const dtype of dtypes) {
      const [close, note] = await measure(name, dtype)
      row[dtype] = close
      row[`${dtype} of`] = note
    }
    console.log(name, ...dtypes.map((dtype) => `${dtype} ${(row[dtype] as number).toFixed(7)}`))
    rows.push(row)
  }
const files = saveReport({
  name: 'precision',
  title: 'Narrow precisions against float64 references',
  command: 'npm run bench:precision',
  machine,
  notes: [
    'The lowest cosine over the float outputs of a case, and the output it is of; for shipped models, the logits.',
    'Matrices with fewer than 64 rows or columns stay float32 in q8, which most of the stored cases have only.',
  ],
  tables: [
    {
      title: 'Cosines',
      columns: [
        { key: 'name', title: 'model or case' },
        ...dtypes.flatMap((dtype) => [
          { key: dtype, title: dtype, digits: 7 },
          { key: `${dtype} of`, title: 'of' },
        ]),
      ],
      rows,
    },
  ],
})
console.log(`written: ${files.join(', ')}`)
