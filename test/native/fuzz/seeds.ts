// Writes the corpus of program_fuzz: the programs that the tests of ops and the shipped models compile, taken apart into
// programs of one instruction, one for each op and kind of operands. Packed matrices have other sizes on other instruction
// sets: with SACCADE_ISA, the programs that have them are added.
//
//   for isa in '' avx512 avx2 generic; do SACCADE_ISA=$isa node --import tsx test/native/fuzz/seeds.ts; done
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadNative } from '../../../lib/runtime/binding.js'
import type { Native } from '../../../lib/runtime/native.js'

const binding = loadNative()
if (!('native' in binding)) throw new Error(binding.failure)
const { native } = binding

/** An instruction, decoded as native/runtime/program.md says. */
interface View {
  readonly dtype: number
  readonly dims: readonly number[]
  readonly strides: readonly number[]
}
interface Instruction {
  readonly op: number
  readonly views: readonly (View | undefined)[]
  readonly attributes: readonly number[]
}

const header = 7
const kinds = { constant: 1, input: 2, output: 3, inout: 4 }
const bytesOfDType = new Map([
  ...['float32', 'int32'].map((name) => [name, 4] as const),
  ...['float16', 'bfloat16'].map((name) => [name, 2] as const),
  ...['uint8', 'bool', 'packed'].map((name) => [name, 1] as const),
  ['int64', 8],
])
/** Larger operands make an execution slow. */
const maxBytes = 1 << 16
const perOp = 12

function* instructionsOf(code: Float64Array): Generator<Instruction> {
  let at = header + 3 * code[3]! + code[5]!
  const next = () => code[at++]!
  const list = (count: number) => Array.from({ length: count }, next)
  for (let i = 0; i < code[6]!; i++) {
    const op = next()
    const views = Array.from({ length: next() }, () => {
      if (next() < 0) return undefined
      const dtype = next()
      next() // the offset
      const rank = next()
      return { dtype, dims: list(rank), strides: list(rank) }
    })
    yield { op, views, attributes: list(next()) }
  }
}

function sizeOf({ dtype, dims, strides }: View): number {
  if (dims.includes(0)) return 0
  const last = dims.reduce((sum, dim, axis) => sum + (dim - 1) * strides[axis]!, 0)
  return (last + 1) * bytesOfDType.get(native.names.dtypes[dtype]!)!
}

/** A program of one instruction: constant packed matrices, an output (or inout, for an op in place), and inputs. */
function programOf({ op, views, attributes }: Instruction): number[] {
  const name = native.names.ops[op]!
  const constants: number[] = []
  const buffers: number[] = []
  const encoded: number[] = []
  let inputs = 0
  for (const [index, view] of views.entries()) {
    if (!view) {
      encoded.push(-1)
      continue
    }
    const bytes = sizeOf(view)
    const packed = native.names.dtypes[view.dtype] === 'packed'
    if (index === 0)
      buffers.push(name === 'update' ? kinds.inout : kinds.output, name === 'update' ? inputs++ : 0, bytes)
    else if (packed) buffers.push(kinds.constant, constants.push(bytes) - 1, bytes)
    else buffers.push(kinds.input, inputs++, bytes)
    encoded.push(buffers.length / 3 - 1, view.dtype, 0, view.dims.length, ...view.dims, ...view.strides)
  }
  const head = [0x5acc, 1, 0, buffers.length / 3, inputs, 1, 1]
  return [
    constants.length,
    ...constants,
    ...head,
    ...buffers,
    0, // the output is the first buffer
    ...[op, views.length, ...encoded],
    ...[attributes.length, ...attributes],
  ]
}

/** Equal for instructions that take much the same path through a kernel. */
function signature({ op, views, attributes }: Instruction): string {
  const shapes = views.map((view) => {
    if (!view) return '-'
    const dense = view.strides.map((stride) => (stride > 1 ? 's' : stride))
    const lengths = view.dims.map((dim) => (dim === 1 ? '1' : 'n'))
    return [view.dtype, ...lengths, ...dense].join('')
  })
  const name = native.names.ops[op]!
  const kind = ['unary', 'binary', 'reduce', 'pack', 'resample'].includes(name)
    ? attributes[0]
    : attributes.length
  return [op, kind, ...shapes].join(' ')
}

const seeds = new Map<string, { readonly name: string; readonly numbers: number[] }>()

function collect(code: Float64Array): void {
  for (const instruction of instructionsOf(code)) {
    const key = signature(instruction)
    const fits = instruction.views.every((view) => !view || sizeOf(view) <= maxBytes)
    if (fits && !seeds.has(key))
      seeds.set(key, { name: native.names.ops[instruction.op]!, numbers: programOf(instruction) })
  }
}

const watched: Native = Object.create(native, {
  createProgram: {
    value: (...[code, ...rest]: Parameters<Native['createProgram']>) => {
      collect(code)
      return native.createProgram(code, ...rest)
    },
  },
})
Object.assign(binding, { native: watched })

const root = fileURLToPath(new URL('../../../', import.meta.url))
const { pipeline } = await import('../../../lib/index.js')
for (const dtype of ['fp32', 'bf16', 'fp16', 'q8'] as const) {
  const translate = await pipeline('translation', join(root, 'models/numbers-en-ru'), { dtype })
  await translate('twelve')
  for (const model of ['digits-vit', 'digits-convnext']) {
    const samples = join(root, 'models', model, 'samples')
    const picture = readdirSync(samples).find((name) => name.endsWith('.png'))!
    const classify = await pipeline('image-classification', join(root, 'models', model), { dtype })
    await classify(join(samples, picture))
  }
}

// Test files run their tests after they are imported, and the process ends after the last of them.
const tests = join(root, 'test/ops')
for (const file of readdirSync(tests)) if (file.endsWith('.test.ts')) await import(join(tests, file))
process.once('beforeExit', () => {
  const corpus = fileURLToPath(new URL('corpus/program/', import.meta.url))
  const isa = process.env.SACCADE_ISA ?? ''
  if (isa === '') rmSync(corpus, { recursive: true, force: true })
  mkdirSync(corpus, { recursive: true })
  const counts = new Map<string, number>()
  for (const { name, numbers } of seeds.values()) {
    if (isa !== '' && numbers[0] === 0) continue // no constants
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    if (count <= perOp)
      writeFileSync(
        join(corpus, `${name}-${count}${isa && `-${isa}`}`),
        Buffer.from(Float64Array.from(numbers).buffer),
      )
  }
  console.log([...counts].map(([name, count]) => `${name} ${count}`).join(', '))
})
