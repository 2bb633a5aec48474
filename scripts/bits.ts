// Records the bits of every output of every stored case, on each instruction set of this machine and in each
// precision, or compares them with a record. Use it for refactorings: record before the change, compare after it.
//
//   node --import tsx scripts/bits.ts record FILE [DIR...]
//   node --import tsx scripts/bits.ts compare FILE [DIR...]
//
// DIRs are folders of stored cases (golden.json); default: all of test/data/goldens. The results of the shipped models are
// recorded too. A record is valid on its machine only: another processor has other instruction sets.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readGolden } from '../lib/cli/verify/golden.js'
import { evaluate, load, pipeline, SaccadeError } from '../lib/index.js'
import type { Model } from '../lib/models/model.js'
import { runReference } from '../lib/models/references.js'
import { getRuntime } from '../lib/runtime/runtime.js'

/** Hashes of data type, shape and bits of outputs, by name: instruction set, precision, case, run, output. */
type Bits = Record<string, string>

const root = fileURLToPath(new URL('../', import.meta.url))
const precisions = ['fp32', 'bf16', 'fp16', 'q8'] as const

const hash = (...parts: (string | Uint8Array)[]) => {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part)
  return digest.digest('hex').slice(0, 16)
}

async function ofCase(dir: string, bits: Bits): Promise<void> {
  const golden = await readGolden(dir)
  for (const dtype of precisions)
    for (const weights of golden.weights) {
      let model: Model
      try {
        model = await load(weights ?? dir, { dtype })
      } catch (error) {
        bits[[dtype, golden.name, weights && basename(weights)].filter(Boolean).join(' / ')] =
          error instanceof SaccadeError ? error.code : String(error)
        continue
      }
      for (const { name, inputs, call, outputs } of golden.runs) {
        const names = [...outputs.keys()]
        const given = await runReference(model, { inputs, call, outputs: names })
        await evaluate(
          names.flatMap((output) => given[output] ?? []),
          { session: model.session },
        )
        for (const output of names) {
          const tensor = given[output]
          const path = [dtype, golden.name, weights && basename(weights), name, output].filter(Boolean)
          const data = await tensor?.data()
          bits[path.join(' / ')] = data
            ? hash(tensor!.describe(), new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
            : 'not given'
        }
      }
      model.dispose()
    }
}

async function ofShipped(bits: Bits): Promise<void> {
  const models = join(root, 'models')
  const samples = (model: string) =>
    JSON.parse(readFileSync(join(models, model, 'samples/samples.json'), 'utf8'))
  for (const dtype of precisions) {
    for (const model of ['digits-vit', 'digits-convnext']) {
      const classify = await pipeline('image-classification', join(models, model), { dtype })
      for (const { file } of samples(model).order)
        bits[`${dtype} / ${model} / ${file}`] = hash(
          JSON.stringify(await classify(join(models, model, 'samples', file), { top_k: null })),
        )
      await classify.dispose()
    }
    const translate = await pipeline('translation', join(models, 'numbers-en-ru'), { dtype })
    for (const { en } of samples('numbers-en-ru').pairs) {
      const [answer] = await translate(en, { num_beams: 2 })
      bits[`${dtype} / numbers-en-ru / ${en}`] = answer!.translation_text
    }
    await translate.dispose()
  }
}

/** On the instruction set of this process. */
async function collect(dirs: readonly string[]): Promise<Bits> {
  const bits: Bits = {}
  for (const dir of dirs) await ofCase(dir, bits)
  await ofShipped(bits)
  return bits
}

/** On all instruction sets, each in a process of its own. */
function collectAll(dirs: readonly string[]): Bits {
  const all: Bits = {}
  for (const isa of getRuntime().native.info().isas) {
    const child = spawnSync(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(import.meta.url), 'collect', '-', ...dirs],
      {
        env: { ...process.env, SACCADE_ISA: isa },
        stdio: ['ignore', 'pipe', 'inherit'],
        maxBuffer: 1 << 28,
      },
    )
    if (child.status !== 0) throw new Error(`collecting the bits of ${isa} failed`)
    for (const [name, value] of Object.entries(JSON.parse(child.stdout.toString())))
      all[`${isa} / ${name}`] = String(value)
  }
  return all
}

function compare(want: Bits, got: Bits): boolean {
  const names = new Set([...Object.keys(want), ...Object.keys(got)])
  const differing = [...names].filter((name) => want[name] !== got[name])
  for (const name of differing)
    console.log(`${name}: ${want[name] ?? 'not recorded'} became ${got[name] ?? 'not there'}`)
  console.log(`${names.size - differing.length} of ${names.size} outputs have the recorded bits`)
  return differing.length === 0
}

const [command, file, ...given] = process.argv.slice(2)
const goldens = join(root, 'test/data/goldens')
const stored = readdirSync(goldens)
  .map((name) => join(goldens, name))
  .filter((dir) => existsSync(join(dir, 'golden.json')))
const dirs = given.length > 0 ? given : stored

if (command === 'collect') {
  console.log(JSON.stringify(await collect(dirs)))
} else if (command === 'record' && file) {
  const bits = collectAll(dirs)
  writeFileSync(file, `${JSON.stringify(bits, null, 1)}\n`)
  console.log(`recorded the bits of ${Object.keys(bits).length} outputs`)
} else if (command === 'compare' && file) {
  if (!compare(JSON.parse(readFileSync(file, 'utf8')), collectAll(dirs))) process.exitCode = 1
} else {
  console.error('usage: bits.ts record|compare FILE [DIR...]')
  process.exitCode = 2
}
