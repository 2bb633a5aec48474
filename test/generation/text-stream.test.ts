import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TextStream } from '../../lib/generation/text-stream.js'
import { loadTokenizer } from '../../lib/text/index.js'
import type { Tokenizer } from '../../lib/text/tokenizer.js'

const goldens = fileURLToPath(new URL('../data/goldens/tokenizers/', import.meta.url))

for (const name of ['bert-cased', 'bert-uncased', 'gpt2', 'bart-florence2', 't5', 'marian', 'clip'])
  test(`${name}: what streams is what decodes, in whole characters`, async () => {
    const dir = join(goldens, name)
    const tokenizer = await loadTokenizer(dir)
    const { samples } = JSON.parse(readFileSync(join(dir, 'golden.json'), 'utf8')) as {
      samples: { text: string; ids: number[] }[]
    }
    for (const skipSpecialTokens of [true, false])
      for (const options of [{}, { cleanUpTokenizationSpaces: true }, { cleanUpTokenizationSpaces: false }]) {
        const stream = new TextStream(tokenizer, { skipSpecialTokens, ...options })
        for (const { ids } of samples) {
          const parts = ids.map((id) => stream.push(id))
          const text = tokenizer.decode(ids, { skipSpecialTokens, ...options })
          // A replacement character in the text itself may be shown; a half character must not.
          if (!text.includes('\uFFFD'))
            for (const part of parts) assert.not.match(part, /\uFFFD|\p{Surrogate}/u)
          assert.is(parts.join('') + stream.end(), text)
        }
      }
  })

const shownOf = (tokenizer: Tokenizer, text: string, cleanUpTokenizationSpaces: boolean) => {
  const stream = new TextStream(tokenizer, { cleanUpTokenizationSpaces })
  const ids = tokenizer.encode(text, { addSpecialTokens: false }).inputIds
  return [...ids.map((id) => stream.push(id)), stream.end()].filter((part) => part !== '')
}

test('words come when they are over, ideographs at once', async () => {
  const tokenizer = await loadTokenizer(join(goldens, 'gpt2'))
  assert.equal(shownOf(tokenizer, 'a small 你好 red', false), ['a ', 'small ', '你', '好', ' ', 'red'])
  const stream = new TextStream(tokenizer)
  stream.push(tokenizer.encode('red').inputIds[0]!)
  stream.end()
  assert.is(stream.end(), '', 'nothing is left after the end')
})

test('where spaces are taken back, a space waits for what follows it', async () => {
  const tokenizer = await loadTokenizer(join(goldens, 'gpt2'))
  assert.equal(shownOf(tokenizer, 'red dog , a .', true), ['red', ' dog', ',', ' a', '.'])
  assert.equal(shownOf(tokenizer, "do n't a ' b", true), ['do', "n't", ' a', "'b"])
  assert.equal(shownOf(tokenizer, '好 . a', true), ['好', '.', ' a'])
})

test('of any text, the pieces joined are what decode() gives', async () => {
  const tokenizer = await loadTokenizer(join(goldens, 'gpt2'))
  const alphabet = " .,?'ntmsvrex好\n"
  let state = 1
  for (let round = 0; round < 3000; round++) {
    // Half of the letters are spaces and apostrophes, which is where rules meet.
    const text = Array.from({ length: 14 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const draw = state >>> 16
      return draw & 1 ? " '"[(draw >> 1) & 1] : alphabet[(draw >> 1) % alphabet.length]
    }).join('')
    const { inputIds } = tokenizer.encode(text)
    for (const cleanUpTokenizationSpaces of [true, false])
      assert.is(
        shownOf(tokenizer, text, cleanUpTokenizationSpaces).join(''),
        tokenizer.decode(inputIds, { cleanUpTokenizationSpaces }),
        JSON.stringify(text),
      )
  }
})

test.run()
