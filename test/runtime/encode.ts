// Small programs written by hand in the encoding of native/runtime/program.md, for the tests of the addon.
import { loadNative } from '../../lib/runtime/binding.js'
import type { Native, NativeBuffer, NativeProgram } from '../../lib/runtime/native.js'

const binding = loadNative()
if (!('native' in binding)) throw new Error(binding.failure)

export const native: Native = binding.native

const kinds = { arena: 0, constant: 1, input: 2, output: 3, inout: 4 }

export interface View {
  buffer: number
  dims: number[]
  strides?: number[]
  offset?: number
  dtype?: string
}

/** The code of an enumeration of op.h, by name. */
export function codeOf(list: readonly string[], name: string): number {
  const code = list.indexOf(name)
  if (code < 0) throw new Error(`no such name: ${name}`)
  return code
}

function rowMajor(dims: number[]): number[] {
  const strides = dims.map(() => 1)
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!
  return strides
}

export class Encoder {
  readonly #buffers: number[] = []
  readonly #instructions: number[] = []
  #count = 0
  inputs = 0
  arenaBytes = 0
  outputs: number[] = []

  buffer(kind: keyof typeof kinds, at: number, bytes: number): number {
    this.#buffers.push(kinds[kind], at, bytes)
    return this.#buffers.length / 3 - 1
  }

  add(op: string, views: (View | undefined)[], attributes: number[] = []): void {
    this.#instructions.push(codeOf(native.names.ops, op), views.length)
    for (const view of views) {
      if (view === undefined) {
        this.#instructions.push(-1)
        continue
      }
      const { buffer, dims, strides = rowMajor(dims), offset = 0, dtype = 'float32' } = view
      const head = [buffer, codeOf(native.names.dtypes, dtype), offset, dims.length]
      this.#instructions.push(...head, ...dims, ...strides)
    }
    this.#instructions.push(attributes.length, ...attributes)
    this.#count++
  }

  code(): Float64Array {
    const counts = [this.#buffers.length / 3, this.inputs, this.outputs.length, this.#count]
    const header = [0x5acc, 1, this.arenaBytes, ...counts]
    return Float64Array.from([...header, ...this.#buffers, ...this.outputs, ...this.#instructions])
  }
}

/** out = a + b over n float32, `times` times over: once to compute, more often to take long. */
export function sum(n: number, times = 1): NativeProgram {
  const encoder = new Encoder()
  encoder.inputs = 2
  const a = encoder.buffer('input', 0, 4 * n)
  const b = encoder.buffer('input', 1, 4 * n)
  const out = encoder.buffer('output', 0, 4 * n)
  encoder.outputs = [out]
  const views = [out, a, b].map((buffer) => ({ buffer, dims: [n] }))
  for (let i = 0; i < times; i++) encoder.add('binary', views, [codeOf(native.names.binary, 'add')])
  return native.createProgram(encoder.code(), [])
}

/** A run of this with {@link longInputs} takes several seconds. */
export function longProgram(): NativeProgram {
  return sum(1 << 20, 10_000)
}

export function longInputs(): NativeBuffer[] {
  return [floats(new Float32Array(1 << 20)), floats(new Float32Array(1 << 20))]
}

export function floats(values: ArrayLike<number>): NativeBuffer {
  return native.bufferFrom(Float32Array.from(values))
}

export function read(buffer: NativeBuffer | undefined): number[] {
  return Array.from(new Float32Array(buffer!.read()))
}
