import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import * as assert from 'uvu/assert'
import { SaccadeError, type SaccadeErrorCode } from '../../lib/errors.js'
import { getLimits, type Limits, setLimits } from '../../lib/limits.js'
import type { FileDType } from '../../lib/weights/entry.js'

/** Path of a file of test/data. */
export function dataPath(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.url))
}

/** A folder that is gone when `use` is done. */
export async function inFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'saccade-weights-'))
  try {
    return await use(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Calls `read` with the path of a file of these bytes, which is gone afterwards. */
export function withFile<T>(
  name: string,
  bytes: Uint8Array | string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  return inFolder(async (dir) => {
    await writeFile(join(dir, name), bytes)
    return read(join(dir, name))
  })
}

/** Calls `use` with these limits in place of the defaults. */
export async function withLimits(limits: Partial<Limits>, use: () => Promise<unknown>): Promise<void> {
  const before = getLimits()
  setLimits(limits)
  try {
    await use()
  } finally {
    setLimits(before)
  }
}

/** Asserts that a promise rejects with a SaccadeError of this code whose message matches all patterns. */
export async function rejects(
  promise: Promise<unknown>,
  code: SaccadeErrorCode,
  ...patterns: (RegExp | string)[]
): Promise<SaccadeError> {
  const error = await promise.then(
    () => assert.unreachable(`expected ${code}`),
    (reason: unknown) => reason,
  )
  if (!(error instanceof SaccadeError)) throw error
  assert.is(error.code, code, error.message)
  for (const pattern of patterns)
    if (typeof pattern === 'string')
      assert.ok(error.message.includes(pattern), `${error.message} lacks ${pattern}`)
    else assert.match(error.message, pattern)
  return error
}

/** As {@link rejects}, for a function that throws. */
export function throws(call: () => unknown, code: SaccadeErrorCode, ...patterns: (RegExp | string)[]) {
  return rejects(new Promise((resolve) => resolve(call())), code, ...patterns)
}

/** A safetensors file. A header given as text is taken as it is. */
export function safetensorsBytes(
  header: string | object,
  data: number | Uint8Array = 0,
  length?: bigint,
): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(length ?? BigInt(json.length))
  return Buffer.concat([prefix, json, typeof data === 'number' ? Buffer.alloc(data) : data])
}

export interface TensorBytes {
  readonly name: string
  readonly dtype: FileDType
  readonly shape: readonly number[]
  readonly data: ArrayBufferView
}

/** Writes a safetensors file of these tensors, in this order. */
export async function writeSafetensors(path: string, tensors: readonly TensorBytes[]): Promise<void> {
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let at = 0
  for (const { name, dtype, shape, data } of tensors) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] }
    parts.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    at += data.byteLength
  }
  await writeFile(path, safetensorsBytes(header, Buffer.concat(parts)))
}

export interface ZipPart {
  readonly name: string
  readonly data: Uint8Array
  readonly method?: number
  readonly flags?: number
  readonly crc?: number
  readonly localName?: string
}

/** A zip archive of stored entries. `patch` may spoil its central directory and its end record. */
export function zipBytes(
  parts: readonly ZipPart[],
  patch: (directory: Buffer, end: Buffer) => void = () => {},
): Buffer {
  const body: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, data, method = 0, flags = 0, crc = crc32(data), localName = name } of parts) {
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(localName.length, 26)
    const central = Buffer.alloc(46)
    central.writeUInt32LE(0x02014b50)
    central.writeUInt16LE(flags, 8)
    central.writeUInt16LE(method, 10)
    central.writeUInt32LE(crc, 16)
    central.writeUInt32LE(data.length, 20)
    central.writeUInt32LE(data.length, 24)
    central.writeUInt16LE(name.length, 28)
    central.writeUInt32LE(at, 42)
    directory.push(central, Buffer.from(name))
    body.push(local, Buffer.from(localName), Buffer.from(data))
    at += 30 + localName.length + data.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(at, 16)
  patch(central, end)
  return Buffer.concat([...body, central, end])
}

/** A checkpoint as torch.save writes it, with this pickle and these storages. */
export function torchBytes(pickle: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  const data = Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, data: bytes }))
  return zipBytes([
    { name: 'archive/data.pkl', data: pickle },
    ...data,
    { name: 'archive/byteorder', data: Buffer.from('little') },
  ])
}

/** Instructions of a pickle, for tests to put together. Text becomes its bytes. */
export const op = {
  proto: '\x80\x02',
  stop: '.',
  dict: '}',
  mark: '(',
  setItems: 'u',
  tuple: 't',
  emptyTuple: ')',
  reduce: 'R',
  persistent: 'Q',
  global: (module: string, name: string) => `c${module}\n${name}\n`,
  text: (value: string) =>
    Buffer.concat([Buffer.from('X'), u32(Buffer.byteLength(value)), Buffer.from(value)]),
  int: (value: number) => Buffer.concat([Buffer.from('J'), i32(value)]),
}

/** A tensor in a storage of float32: (storage, offset, size, stride, False, OrderedDict()). */
export function tensorPickle(
  options: {
    key?: string
    length?: number
    type?: string
    offset?: number
    shape?: readonly number[]
    strides?: readonly number[]
  } = {},
): (string | Buffer)[] {
  const { key = '0', length = 4, type = 'FloatStorage', offset = 0, shape = [4], strides = [1] } = options
  const tuple = (numbers: readonly number[]) => [op.mark, ...numbers.map(op.int), op.tuple]
  return [
    op.global('torch._utils', '_rebuild_tensor_v2'),
    op.mark,
    ...[
      op.mark,
      op.text('storage'),
      op.global('torch', type),
      op.text(key),
      op.text('cpu'),
      op.int(length),
      op.tuple,
    ],
    op.persistent,
    op.int(offset),
    ...tuple(shape),
    ...tuple(strides),
    '\x89',
    ...[op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce],
    op.tuple,
    op.reduce,
  ]
}

export function pickleBytes(...parts: (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
}

/** A pickle of a dict with one name, and what `value` puts on the stack. */
export function dictPickle(name: string, ...value: (string | Uint8Array)[]): Buffer {
  return pickleBytes(op.proto, op.dict, op.mark, op.text(name), ...value, op.setItems, op.stop)
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
