// Calls every function and method of the addon with wrong values, by a seeded generator.
import { native, sum } from '../encode.js'

const calls = 4000

let state = Number(process.env.MISUSE_SEED)
function below(count: number): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * count)
}
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!

function detached(): Uint8Array {
  const view = new Uint8Array(64)
  structuredClone(view.buffer, { transfer: [view.buffer] })
  return view
}

/** A view of a buffer that shrank under it, where the engine has such buffers. */
function shrunk(): ArrayBufferView {
  type Resizable = ArrayBuffer & { resize?(bytes: number): void }
  const Constructor = ArrayBuffer as unknown as new (bytes: number, options: object) => Resizable
  const buffer = new Constructor(64, { maxByteLength: 128 })
  const view = pick([
    () => new Float64Array(buffer, 0, 8),
    () => new Uint8Array(buffer),
    () => new DataView(buffer, 8),
  ])()
  buffer.resize?.(pick([0, 4, 128]))
  return view
}

function disposedBuffer() {
  const buffer = native.bufferFrom(new Uint8Array(8))
  buffer.dispose()
  return buffer
}

function disposedProgram() {
  const program = sum(4)
  program.dispose()
  return program
}

const throwing = new Proxy(
  {},
  {
    get() {
      throw new Error('a getter of the caller')
    },
  },
)

const makers: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () =>
    pick([
      0,
      1,
      -1,
      4,
      0.5,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      -(2 ** 63),
      1e308,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      -0,
    ]),
  () => pick([0n, -1n, 2n ** 64n]),
  () =>
    pick(['', 'cpu', 'cuda', 'gpu', '/', '/nowhere', '\0', 'ü'.repeat(1000), '/dev/zero', process.argv[1]!]),
  () => pick([true, false]),
  () => Symbol('misuse'),
  () => ({}),
  () => [],
  () => [undefined, null, {}, 1],
  () => Array(5),
  () => () => 1,
  () => new Date(),
  () => throwing,
  () => [throwing],
  () => new Proxy([], {}),
  () => new Float64Array([0x5acc, 1, 0, 0, 0, 0, 0]),
  () => new Float64Array([0x5acc, 1, 2 ** 52, 0, 2 ** 30, 0, 0]),
  () => new Float64Array(below(40)).map(() => pick([0, 1, 2, 7, 0x5acc, -1, Number.NaN, 2 ** 53])),
  () => new Uint8Array(below(64)),
  () => new DataView(new ArrayBuffer(16), 3),
  () => new Float32Array(new SharedArrayBuffer(32)),
  () => new ArrayBuffer(8),
  () => new SharedArrayBuffer(8),
  detached,
  shrunk,
  () => native.bufferFrom(new Uint8Array(below(64))),
  () => [native.bufferFrom(new Float32Array(4)), native.bufferFrom(new Float32Array(4))],
  disposedBuffer,
  () => [disposedBuffer()],
  () => native.mapFile(process.argv[1]!),
  () => sum(4),
  disposedProgram,
  () => native.createCancel(),
  () => Object.create(native.createCancel()),
  () => Object.create(disposedBuffer()),
]

const functions: ((...values: never) => unknown)[] = []
const owners: (() => object)[] = [
  () => native,
  () => native.bufferFrom(new Float32Array(4)),
  disposedBuffer,
  () => native.mapFile(process.argv[1]!),
  () => sum(4),
  disposedProgram,
  () => native.createCancel(),
]

/** The functions and accessors of an object and its prototypes, below Object.prototype. */
function collect(object: object): void {
  for (let at = object; at !== Object.prototype && at !== null; at = Object.getPrototypeOf(at)) {
    for (const { value, get } of Object.values(Object.getOwnPropertyDescriptors(at)))
      for (const each of [value, get]) if (typeof each === 'function') functions.push(each)
  }
}
for (const owner of owners) collect(owner())

let errors = 0
function check(error: unknown): void {
  errors++
  const { code, message } = error as { code?: unknown; message?: unknown }
  // What is thrown by the caller's own getters, and by the engine for a wrong receiver, passes through.
  if (error === undefined || typeof message !== 'string') throw new Error(`not an error: ${String(error)}`)
  if (
    code === 'INTERNAL' &&
    !/^(instruction|buffer|output|magic|version|the program|arena|number)/.test(message)
  )
    throw error
}

const pending: Promise<unknown>[] = []
for (let i = 0; i < calls; i++) {
  const call = pick(functions)
  const receiver = below(4) === 0 ? pick(makers)() : pick(owners)()
  const values = Array.from({ length: below(6) }, () => pick(makers)())
  try {
    const result: unknown =
      below(10) === 0 ? Reflect.construct(call, values) : Reflect.apply(call, receiver, values)
    if (result instanceof Promise) pending.push(result.catch(check))
  } catch (error) {
    check(error)
  }
  if (pending.length > 50) await Promise.all(pending.splice(0))
}
await Promise.all(pending)
console.log(`${calls} calls, ${errors} errors`)
