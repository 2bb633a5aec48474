import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline, TextStreamer } from '../../lib/index.js'
import { rejects } from '../support/errors.js'
import { observedRuns } from '../support/observed.js'

const gpt2 = fileURLToPath(new URL('../data/goldens/gpt2-lm', import.meta.url))
const marian = fileURLToPath(new URL('../data/goldens/marian-mt', import.meta.url))
const open = () => pipeline('text-generation', gpt2)

const collect = async (pieces: AsyncIterable<string>) => {
  const all: string[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

const texts = ['a small red circle', 'the train', 'b', 'Züge, at 12:30']

test('one text gives a list of results, a list of texts a list of lists', async () => {
  const generate = await open()
  assert.is(generate.task, 'text-generation')
  const [result, ...more] = await generate('the train', { max_new_tokens: 5 })
  assert.equal(more, [])
  // Tokens 309, 309, 252, 252, 77, as transformers generates them.
  assert.is(result!.generated_text, `the train${generate.tokenizer.decode([309, 309, 252, 252, 77])}`)
  assert.equal(await generate(['the train'], { max_new_tokens: 5 }), [[result]])
  const sampled = { do_sample: true, num_return_sequences: 3, seed: 1 }
  assert.is((await generate('the train', sampled)).length, 3)
  const lists = await generate(texts.slice(0, 2), sampled)
  assert.equal(
    lists.map((list) => list.map(({ generated_text }) => generated_text.slice(0, 9))),
    [Array(3).fill('a small r'), Array(3).fill('the train')],
  )
  await generate.dispose()
})

test('a text of a batch gives what it gives alone', async () => {
  const generate = await open()
  for (const options of [
    {},
    { max_length: 25, eos_token_id: null },
    { max_new_tokens: 12, eos_token_id: 77 },
    { max_new_tokens: 8, num_beams: 3, num_return_sequences: 2 },
    { max_new_tokens: 8, return_full_text: false },
  ]) {
    const together = await generate(texts, options)
    for (const [index, text] of texts.entries())
      assert.equal(together[index], await generate(text, options), JSON.stringify({ text, options }))
  }
  const many = await generate(Array<string>(20).fill('b'), { max_new_tokens: 3 })
  assert.equal(many, Array(20).fill(await generate('b', { max_new_tokens: 3 })))
  await generate.dispose()
})

test('a seed draws the same texts again, and another for every text of a long list', async () => {
  const generate = await open()
  const options = { do_sample: true, seed: 5, max_new_tokens: 12 }
  const drawn = await generate(Array<string>(20).fill('b'), options)
  assert.equal(await generate(Array<string>(20).fill('b'), options), drawn)
  assert.is(new Set(drawn.map(([result]) => result!.generated_text)).size, 20)
  assert.equal(await generate('b', options), drawn[0])
  await generate.dispose()
})

test('return_full_text: false leaves out the text that is continued', async () => {
  const generate = await open()
  for (const text of texts) {
    const [whole] = await generate(text, { max_new_tokens: 9 })
    const [rest] = await generate(text, { max_new_tokens: 9, return_full_text: false })
    assert.is(text + rest!.generated_text, whole!.generated_text)
  }
  await generate.dispose()
})

test('an empty text begins with the token that texts of the model begin with', async () => {
  const generate = await open()
  const want = await generate('<|endoftext|>')
  assert.ok(want[0]!.generated_text.length > 0)
  assert.equal(await generate(''), want)
  assert.equal((await generate(['the train', '']))[1], want)
  assert.is((await collect(generate.stream(''))).join(''), want[0]!.generated_text)
  await rejects(
    () => generate('', { bos_token_id: null }),
    'INPUT_INVALID',
    /the text: expected tokens, or a bos_token_id/,
  )
  await generate.dispose()
})

test('pieces of a stream, joined, are the text of a call with the same options', async () => {
  const generate = await open()
  for (const text of texts)
    for (const options of [
      { max_new_tokens: 14 },
      { max_new_tokens: 14, return_full_text: false },
      { max_new_tokens: 14, do_sample: true, seed: 2, temperature: 1.5 },
      { max_new_tokens: 14, eos_token_id: [77, 87], return_full_text: false },
    ]) {
      const [result] = await generate(text, options)
      const pieces = await collect(generate.stream(text, options))
      assert.is(pieces.join(''), result!.generated_text, JSON.stringify({ text, options }))
    }
  const pieces = await collect(generate.stream('a small red circle', { max_new_tokens: 5 }))
  assert.equal(pieces.slice(0, 3), ['a ', 'small ', 'red '])
  await generate.dispose()
})

test('a TextStreamer shows the whole text, or with skip_prompt what is new', async () => {
  const generate = await open()
  const shown = async (options: object) => {
    const pieces: string[] = []
    const streamer = new TextStreamer(generate.tokenizer, {
      callback_function: (piece) => pieces.push(piece),
      ...options,
    })
    const [result] = await generate('the train', { max_new_tokens: 7, streamer })
    return { shown: pieces.join(''), result: result!.generated_text }
  }
  const whole = await shown({})
  assert.is(whole.shown, whole.result)
  const rest = await shown({ skip_prompt: true })
  assert.is(`the train${rest.shown}`, rest.result)
  await generate.dispose()
})

test('a signal ends a stream and a call, and the pipeline works on', async () => {
  const generate = await open()
  const controller = new AbortController()
  const pieces: string[] = []
  await rejects(
    async () => {
      for await (const piece of generate.stream('a small red circle', { signal: controller.signal })) {
        pieces.push(piece)
        controller.abort()
      }
    },
    'ABORTED',
    /abort/,
  )
  assert.equal(pieces, ['a ', 'small ', 'red '], 'the words of the text, which come in one step, and no more')
  await rejects(() => generate('b', { signal: AbortSignal.abort() }), 'ABORTED', /abort/)
  assert.is((await generate('b')).length, 1)
  await generate.dispose()
  await rejects(() => generate('b'), 'DISPOSED', /gpt2-lm/)
})

test('what cannot be done is refused', async () => {
  const generate = await open()
  const read = (text: string, options: object = {}) => collect(generate.stream(text, options))
  await rejects(() => generate([]), 'EMPTY_BATCH', /at least one/)
  await rejects(() => generate(7 as never), 'INPUT_INVALID', /input 0/)
  const chat = [{ role: 'user', content: 'a' }]
  await rejects(() => generate(chat as never), 'INPUT_INVALID', /input 0: expected a string.*role/)
  await rejects(
    () => generate('b', { max_tokens: 3 } as never),
    'OPTION_UNKNOWN',
    /return_full_text.*max_tokens/,
  )
  await rejects(() => generate('b', { max_new_tokens: 0 }), 'OPTION_INVALID', /max_new_tokens/)
  await rejects(() => generate('b', { return_full_text: 1 as never }), 'OPTION_INVALID', /return_full_text/)
  await rejects(() => generate('b', { num_return_sequences: 2 }), 'OPTION_INVALID', /numReturnSequences/)
  await rejects(() => generate('b'.repeat(40)), 'TEXT_TOO_LONG', /at most 32 tokens.*got 40/)
  await rejects(() => read('b', { num_beams: 2 }), 'OPTION_INVALID', /numBeams.*stream/)
  await rejects(() => read(['b'] as never), 'INPUT_INVALID', /one text/)
  await rejects(() => read('b', { streamer: {} }), 'OPTION_UNKNOWN', /streamer/)
  const streamer = new TextStreamer(generate.tokenizer, { callback_function: () => {} })
  await rejects(() => generate(['b', 'b'], { streamer }), 'OPTION_INVALID', /streamer: expected one, got 2/)
  await rejects(() => pipeline('text-generation', marian), 'TASK_UNSUPPORTED', /MarianMTModel.*translation/)
  await rejects(() => pipeline('translation', gpt2), 'TASK_UNSUPPORTED', /GPT2LMHeadModel.*text-generation/)
  await generate.dispose()
})

test('every run has the threads of the pipeline', async () => {
  const generate = await pipeline('text-generation', gpt2, { threads: 3, dtype: 'bf16' })
  const runs = await observedRuns(() => generate(['the train', 'b']))
  assert.ok(runs.length > 0)
  assert.equal(runs, Array(runs.length).fill({ device: 'cpu', threads: 3 }))
  await generate.dispose()
})

test.run()
