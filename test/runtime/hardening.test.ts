// What the linker and the compiler put into the addon against faults in memory, as far as its file shows it.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('../..', import.meta.url))

const segment = { dynamic: 2, stack: 0x6474e551, relro: 0x6474e552 }
const tag = { flags: 30n, flags1: 0x6ffffffbn }
const executable = 1

interface Segment {
  readonly type: number
  readonly flags: number
  readonly offset: number
  readonly size: number
}

/** The segments of a 64-bit little-endian ELF file. */
function segmentsOf(file: Buffer): Segment[] {
  const at = Number(file.readBigUInt64LE(32))
  const size = file.readUInt16LE(54)
  return Array.from({ length: file.readUInt16LE(56) }, (_, index) => {
    const entry = at + index * size
    return {
      type: file.readUInt32LE(entry),
      flags: file.readUInt32LE(entry + 4),
      offset: Number(file.readBigUInt64LE(entry + 8)),
      size: Number(file.readBigUInt64LE(entry + 32)),
    }
  })
}

/** The value of a tag in the dynamic section; 0 if it is not there. */
function dynamicValue(file: Buffer, { offset, size }: Segment, wanted: bigint): bigint {
  for (let at = offset; at < offset + size; at += 16)
    if (file.readBigUInt64LE(at) === wanted) return file.readBigUInt64LE(at + 8)
  return 0n
}

if (process.platform === 'linux') {
  const file = readFileSync(require('node-gyp-build').resolve(root) as string)
  const segments = segmentsOf(file)
  const find = (type: number) => segments.find((each) => each.type === type)

  test('the stack is not executable, and no segment is both written and executed', () => {
    assert.is(find(segment.stack)!.flags & executable, 0)
    for (const { flags } of segments.filter(({ type }) => type === 1)) assert.is.not(flags & 3, 3)
  })

  test('the tables of the linker are read-only after it has loaded the addon', () => {
    assert.ok(find(segment.relro))
    const dynamic = find(segment.dynamic)!
    assert.is(dynamicValue(file, dynamic, tag.flags) & 8n, 8n, 'DF_BIND_NOW')
    assert.is(dynamicValue(file, dynamic, tag.flags1) & 1n, 1n, 'DF_1_NOW')
  })

  test('functions check their stack', () => {
    assert.ok(file.includes('__stack_chk_fail'))
  })
}

test.run()
