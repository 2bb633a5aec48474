import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TextStream } from '../../lib/generation/text-stream.js'
import { loadTokenizer } from '../../lib/text/load.js'

const goldens = fileURLToPath(new URL('../data/goldens/tokenizers/', import.meta.url))

for (const name of ['bert-cased', 'gpt2', 'bart-florence2', 't5', 'marian'])
  test(`${name}: what streams is what decodes, in whole characters`, async () => {
    const dir = join(goldens, name)
    const tokenizer = await loadTokenizer(dir)
    const { samples } = JSON.parse(readFileSync(join(dir, 'golden.json'), 'utf8')) as {
      samples: { text: string; ids: number[] }[]
    }
    for (const skipSpecialTokens of [true, false]) {
      const stream = new TextStream(tokenizer, { skipSpecialTokens })
      for (const { ids } of samples) {
        const parts = ids.map((id) => stream.push(id))
        const text = tokenizer.decode(ids, { skipSpecialTokens, cleanUpTokenizationSpaces: false })
        // A replacement character in the text itself may be shown; a half character must not.
        if (!text.includes('\uFFFD'))
          for (const part of parts) assert.not.match(part, /\uFFFD|\p{Surrogate}/u)
        assert.is(parts.join('') + stream.end(), text)
      }
    }
  })

test('words come when they are over, ideographs at once', async () => {
  const tokenizer = await loadTokenizer(join(goldens, 'gpt2'))
  const stream = new TextStream(tokenizer)
  const shown = tokenizer.encode('a small 你好 red').inputIds.map((id) => stream.push(id))
  assert.equal(
    shown.filter((part) => part !== ''),
    ['a ', 'small ', '你', '好', ' '],
  )
  assert.is(stream.end(), 'red')
  assert.is(stream.end(), '')
})

test.run()
