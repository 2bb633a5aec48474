import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { buildTurns } from '../../lib/text/models/model.js'
import { CharsMap } from '../../lib/text/sentencepiece/charsmap.js'
import { readFields } from '../../lib/text/sentencepiece/protobuf.js'
import { SentencePiece } from '../../lib/text/sentencepiece/sentencepiece.js'

/** Models trained, and texts encoded and decoded, by sentencepiece 0.2.2. */
interface Reference {
  model: string
  samples: { text: string; pieces: string[]; decoded: string }[]
  decodes: { pieces: string[]; decoded: string }[]
}

const root = new URL('../data/text/sentencepiece/', import.meta.url)
const references = JSON.parse(readFileSync(new URL('references.json', root), 'utf8')) as Reference[]

const open = (bytes: Uint8Array, where: string) => SentencePiece.read(bytes, where, buildTurns())

test('there are models of both algorithms', () => assert.is(references.length, 5))

for (const { model, samples, decodes } of references) {
  const bytes = readFileSync(new URL(model, root))

  test(`${model}: pieces of texts`, async () => {
    const pieces = await open(bytes, model)
    for (const sample of samples) {
      assert.equal(pieces.encode(sample.text), sample.pieces, sample.text)
      assert.is(pieces.decode(sample.pieces), sample.decoded)
    }
  })

  test(`${model}: text of any pieces`, async () => {
    const pieces = await open(bytes, model)
    for (const { pieces: list, decoded } of decodes) assert.is(pieces.decode(list), decoded, list.join('|'))
  })

  test(`${model}: every truncation is refused or read, never worse`, async () => {
    for (let length = 0; length < bytes.length; length += 37) {
      try {
        ;(await open(bytes.subarray(0, length), 'cut.spm')).encode('a dog кот')
      } catch (error) {
        assert.is((error as { code: string }).code, 'TOKENIZER_INVALID', String(error))
        assert.match((error as Error).message, /^cut\.spm/)
      }
    }
  })
}

test('damaged bytes anywhere are refused or read, never worse', async () => {
  const bytes = readFileSync(new URL('unigram-rules.model', root))
  for (let at = 0; at < bytes.length; at += 7) {
    for (const change of [0x00, 0xff, 0x80, bytes[at]! ^ 0x10]) {
      const damaged = Buffer.from(bytes)
      damaged[at] = change
      try {
        ;(await open(damaged, 'damaged.spm')).encode('a dog кот Ａ é')
      } catch (error) {
        assert.is((error as { code: string }).code, 'TOKENIZER_INVALID', `byte ${at}: ${error}`)
      }
    }
  }
})

/** A message of fields: number and text, or number and number. */
function message(...fields: [number, string | number | Buffer][]): Buffer {
  return Buffer.concat(
    fields.map(([number, value]) => {
      if (typeof value === 'number') return Buffer.from([number << 3, value])
      const bytes = Buffer.from(value)
      return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
    }),
  )
}

test('models that contradict themselves are refused with the reason', async () => {
  const piece = (text: string, kind = 1) => message([1, text], [3, kind])
  const unknown = piece('<unk>', 2)
  const wrong: [Buffer, RegExp][] = [
    [Buffer.alloc(0), /expected a model with pieces/],
    [message([1, piece('a')]), /no unknown piece/],
    [message([1, unknown], [1, piece('u', 2)]), /two unknown pieces/],
    [message([1, unknown], [1, piece('a')], [1, piece('a')]), /"a" occurs twice/],
    [message([1, unknown], [1, piece('')]), /piece 1: expected a piece with text/],
    [message([1, unknown], [2, message([3, 3])]), /model type: expected .*, got 3/],
    [message([1, unknown], [2, Buffer.from([0x98, 0x02, 1])]), /no piece <0x00>/],
    [message([1, 7]), /field 1: expected a message, got 7/],
    [message([1, unknown], [3, message([2, Buffer.from([200, 0, 0, 0, 1, 2, 3, 4])])]), /trie of 200 bytes/],
  ]
  for (const [bytes, reason] of wrong) {
    try {
      await open(bytes, 'wrong.spm')
      assert.unreachable(String(reason))
    } catch (error) {
      assert.is((error as { code: string }).code, 'TOKENIZER_INVALID', String(error))
      assert.match((error as Error).message, /^wrong\.spm/)
      assert.match((error as Error).message, reason)
    }
  }
})

test('the wire format: all kinds of fields, and its bounds', () => {
  const bytes = Buffer.from([
    0x08, 0x96, 0x01, 0x12, 0x02, 0x68, 0x69, 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8,
  ])
  assert.equal(
    [...readFields(bytes, 'x')].map(({ number, value }) => [
      number,
      typeof value === 'number' ? value : value.length,
    ]),
    [
      [1, 150],
      [2, 2],
      [3, 4],
      [4, 8],
    ],
  )
  for (const broken of [
    [0x08],
    [0x08, 0x80],
    [0x12, 0x05, 1],
    [0x1d, 1],
    [0x0b],
    new Array<number>(12).fill(0xff),
  ])
    assert.throws(() => [...readFields(Buffer.from(broken), 'x')], /^x: /)
})

test('a character map never reads outside its trie', () => {
  const units = Buffer.alloc(4 + 8 * 4 + 4)
  units.writeUInt32LE(32, 0)
  for (let i = 0; i < 8; i++) units.writeUInt32LE((0xfffffd00 | i) >>> 0, 4 + 4 * i)
  const map = new CharsMap(units, 'x')
  assert.is(map.longest(Buffer.from('abc'), 0), undefined)
  assert.is(map.shortest(Buffer.from('abc'), 0, 3), undefined)
})

test.run()
