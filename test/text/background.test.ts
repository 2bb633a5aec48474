import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SaccadeError } from '../../lib/errors.js'
import { loadTokenizer, pipeline, Tokenizer } from '../../lib/index.js'
import { encodeAll } from '../../lib/text/background.js'

const data = fileURLToPath(new URL('../data/', import.meta.url))
const words = "the small red circle, near 3 bridges! isn't маленький 你好 ".repeat(200)

async function errorOf(run: () => Promise<unknown>): Promise<SaccadeError> {
  try {
    await run()
  } catch (error) {
    return error as SaccadeError
  }
  throw new Error('expected an error')
}

for (const name of ['bert-cased', 'gpt2', 't5', 'marian', 'siglip'])
  test(`${name}: a text that is encoded in a thread gives the same`, async () => {
    const tokenizer = await loadTokenizer(join(data, 'goldens', 'tokenizers', name))
    assert.instance(tokenizer, Tokenizer)
    const texts = [words, 'short', words]
    for (const options of [{}, { truncation: true, maxLength: 50 }, { addSpecialTokens: false }])
      assert.equal(
        await encodeAll(tokenizer, texts, options, undefined),
        texts.map((text) => tokenizer.encode(text, options)),
      )
  })

test('the event loop goes on while a long text is encoded, and the signal is heard', async () => {
  const tokenizer = await loadTokenizer(join(data, 'goldens', 'tokenizers', 'gpt2'))
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await encodeAll(tokenizer, [words.repeat(40)], {}, undefined)
  clearInterval(timer)
  assert.ok(turns > 3, `${turns} turns`)
  const controller = new AbortController()
  const reason = new Error('no longer needed')
  setTimeout(() => controller.abort(reason), 5)
  const error = await errorOf(() => encodeAll(tokenizer, [words.repeat(400)], {}, controller.signal))
  assert.is(error.code, 'ABORTED')
  assert.is(error.cause, reason)
  // A thread that was ended is not used again.
  assert.equal(await encodeAll(tokenizer, [words], {}, undefined), [tokenizer.encode(words)])
})

test('an error names the text', async () => {
  const extract = await pipeline(
    'feature-extraction',
    join(data, 'reports', 'truncation-to-positions', 'model'),
  )
  const error = await errorOf(() => extract(['a', 'b', 'a '.repeat(3000)]))
  assert.is(error.code, 'TEXT_TOO_LONG')
  assert.match(error.message, /text 2: expected at most 40 tokens .* got 3002/)
  const wrong = await errorOf(() => extract(['a', 3 as unknown as string]))
  assert.is(wrong.code, 'INPUT_INVALID')
  assert.match(wrong.message, /input 1: expected a string, got 3/)
  await extract.dispose()
})

test.run()
