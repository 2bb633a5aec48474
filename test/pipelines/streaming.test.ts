import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BaseStreamer, load, type Marian, pipeline, Tensor, TextStreamer } from '../../lib/index.js'
import { getRuntime } from '../../lib/runtime/runtime.js'
import { openChanged } from '../models/goldens.js'
import { rejects } from '../support/errors.js'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const goldens = fileURLToPath(new URL('../data/goldens', import.meta.url))
const { pairs } = JSON.parse(readFileSync(`${models}/numbers-en-ru/samples/samples.json`, 'utf8')) as {
  pairs: { en: string; ru: string }[]
}

const collect = async (pieces: AsyncIterable<string>) => {
  const all: string[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

test('pieces of a stream are whole words, and joined the text of a call', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  for (const { en, ru } of pairs.slice(0, 12)) {
    const pieces = await collect(translate.stream(en))
    assert.is(pieces.join(''), ru)
    assert.is(pieces.length, ru.split(' ').length)
  }
  await translate.dispose()
})

test('a stream gives what a call gives with the same options', async () => {
  const write = await pipeline('text2text-generation', `${goldens}/marian-mt`)
  for (const options of [
    { num_beams: 1 },
    { num_beams: 1, max_new_tokens: 25, bad_words_ids: null, forced_eos_token_id: null },
    { num_beams: 1, do_sample: true, seed: 5, max_new_tokens: 25 },
    { num_beams: 1, do_sample: true, seed: 9, max_new_tokens: 25, no_repeat_ngram_size: 2 },
  ])
    for (const text of ['a small red circle', 'every train']) {
      const [result] = await write(text, options)
      assert.is((await collect(write.stream(text, options))).join(''), result!.generated_text)
    }
  await write.dispose()
})

test('a stream is written as it is read, and ends where the loop is left', async () => {
  using model = await openChanged<Marian>('marian-mt', { max_position_embeddings: 4000 })
  const inputs = { inputIds: Tensor.from([40n, 41n, 42n, 0n], [1, 4]) as Tensor<'int64'> }
  const options = { numBeams: 1, minLength: 4000, maxLength: 4000 }
  const memory = () => getRuntime().native.info().memory.buffers
  const read = async (count: number) => {
    const tokens: number[] = []
    for await (const step of model.stream(inputs, options)) {
      tokens.push(...step.tokens[0]!)
      if (tokens.length === count) break
    }
    return tokens
  }
  await read(5)
  const before = memory()
  const started = performance.now()
  const tokens = await read(20)
  const elapsed = performance.now() - started
  assert.is(tokens.length, 20)
  // All 4000 take seconds.
  assert.ok(elapsed < 1000, `20 tokens took ${elapsed} ms`)
  assert.ok(memory() < before + 1000, `${memory()} bytes after, ${before} before`)
  const { sequences } = await model.generate(inputs, { ...options, maxLength: 20, minLength: 20 })
  assert.equal(sequences[0]!.slice(0, -1), tokens.slice(0, -1), 'the last token is forced')
})

test('a signal ends a stream, and the pipeline works on', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  const controller = new AbortController()
  const pieces: string[] = []
  const text = 'twenty-one thousand, three hundred and forty-two'
  await rejects(
    async () => {
      for await (const piece of translate.stream(text, { signal: controller.signal })) {
        pieces.push(piece)
        controller.abort()
      }
    },
    'ABORTED',
    /abort/,
  )
  assert.equal(pieces, ['двадцать '])
  assert.is((await translate(text))[0]!.translation_text, 'двадцать одна тысяча триста сорок два')
  await translate.dispose()
})

test('what cannot be streamed is refused', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  const read = (text: string, options: object = {}) => collect(translate.stream(text, options))
  await rejects(() => read('one', { num_beams: 2 }), 'OPTION_INVALID', /numBeams.*stream/)
  await rejects(
    () => read('one', { do_sample: true, num_return_sequences: 2 }),
    'OPTION_INVALID',
    /one text and one sequence, got 2/,
  )
  await rejects(() => read(['one'] as never), 'INPUT_INVALID', /one text/)
  await rejects(() => read('one '.repeat(100)), 'TEXT_TOO_LONG', /64/)
  await rejects(() => read('one', { num_beamz: 2 }), 'OPTION_UNKNOWN', /num_beams.*num_beamz/)
  await rejects(() => read('one', { max_new_tokens: 0 }), 'OPTION_INVALID', /max_new_tokens/)
  const streamer = new TextStreamer(translate.tokenizer, { callback_function: () => {} })
  await rejects(() => translate('one', { streamer, num_beams: 2 }), 'OPTION_INVALID', /numBeams.*streamer/)
  await rejects(
    () => translate(['one', 'two'], { streamer }),
    'OPTION_INVALID',
    /streamer: expected one, got 2/,
  )
  await rejects(() => translate('one', { streamer: {} as never }), 'OPTION_INVALID', /streamer/)
  await rejects(() => read('one', { streamer }), 'OPTION_UNKNOWN', /streamer/)
  assert.is((await read('one')).join(''), 'один')
  await translate.dispose()
})

test('a TextStreamer is told of words and tokens, as in transformers.js', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  const text = 'twenty-one thousand'
  const [words, tokens]: [string[], number[]] = [[], []]
  const streamer = new TextStreamer(translate.tokenizer, {
    skip_prompt: true,
    callback_function: (word) => words.push(word),
    token_callback_function: (ids) => tokens.push(...ids),
  })
  const [result] = await translate(text, { streamer })
  assert.equal(words, ['двадцать ', 'одна ', 'тысяча'])
  assert.is(result!.translation_text, words.join(''))
  assert.is(translate.tokenizer.decode(tokens, { skipSpecialTokens: true }), words.join(''))
  assert.is(tokens.at(-1), translate.tokenizer.eosTokenId)
  await translate(text, { streamer })
  assert.is(words.length, 6, 'it can be used again')

  const all: string[] = []
  const shown = new TextStreamer(translate.tokenizer, {
    skip_special_tokens: false,
    callback_function: (word) => all.push(word),
  })
  await translate('one', { streamer: shown })
  assert.equal(all, ['<pad> ', 'один ', '</s>'])
  await translate.dispose()
})

test('without a callback a TextStreamer writes to standard output, and a line end at last', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  const written: string[] = []
  const { write } = process.stdout
  process.stdout.write = (text: string | Uint8Array) => written.push(String(text)) > 0
  try {
    await translate('forty-two', { streamer: new TextStreamer(translate.tokenizer) })
  } finally {
    process.stdout.write = write
  }
  assert.is(written.join(''), 'сорок два\n')
  await translate.dispose()
})

test('a streamer of my own is waited for, and told of every row', async () => {
  class Recorder extends BaseStreamer {
    readonly seen: (readonly (readonly number[])[])[] = []
    ended = 0
    async put(tokens: readonly (readonly number[])[]) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      this.seen.push(tokens)
    }
    end() {
      this.ended++
    }
  }
  using model = (await load(`${models}/numbers-en-ru`)) as Marian
  const { tokenizer, dispose } = await pipeline('translation', `${models}/numbers-en-ru`)
  const batch = tokenizer.call(['one', 'twenty-one thousand'], { padding: true })
  const tensor = (rows: number[][]) =>
    Tensor.from(rows.flat().map(BigInt), [2, rows[0]!.length]) as Tensor<'int64'>
  const inputs = { inputIds: tensor(batch.inputIds), attentionMask: tensor(batch.attentionMask) }
  const streamer = new Recorder()
  const { sequences } = await model.generate(inputs, { streamer })
  assert.is(streamer.ended, 1)
  assert.equal(streamer.seen[0], [[77], [77]], 'what the rows begin with')
  assert.equal(streamer.seen.at(-1)![0], [], 'a row that has ended gets nothing')
  for (const row of [0, 1]) {
    const tokens = streamer.seen.flatMap((step) => step[row]!)
    assert.equal(sequences[row]!.slice(0, tokens.length), tokens)
  }
  const failing = new Recorder()
  failing.put = async () => {
    throw new Error('the socket is closed')
  }
  try {
    await model.generate(inputs, { streamer: failing })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'the socket is closed')
  }
  assert.is(failing.ended, 0)
  await dispose()
})

test('a TextStreamer begins anew after a call that failed', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  let text = ''
  let fails = true
  const callback_function = (piece: string) => {
    if (fails) throw new Error('the socket is closed')
    text += piece
  }
  const streamer = new TextStreamer(translate.tokenizer, { skip_prompt: true, callback_function })
  const call = () => translate('twenty-one thousand', { streamer })
  const failure = await call().catch((error: Error) => error.message)
  assert.is(failure, 'the socket is closed')
  fails = false
  const [result] = await call()
  assert.is(text, result!.translation_text)
  await translate.dispose()
})

test('options of a TextStreamer are checked', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  await rejects(
    () => new TextStreamer(translate.tokenizer, { skipPrompt: true } as never),
    'OPTION_UNKNOWN',
    /skip_prompt.*skipPrompt/,
  )
  for (const name of ['skip_prompt', 'skip_special_tokens', 'clean_up_tokenization_spaces'])
    await rejects(
      () => new TextStreamer(translate.tokenizer, { [name]: 'no' }),
      'OPTION_INVALID',
      new RegExp(`TextStreamer: ${name}: expected true or false, got 'no'`),
    )
  for (const name of ['callback_function', 'token_callback_function'])
    await rejects(
      () => new TextStreamer(translate.tokenizer, { [name]: 5 }),
      'OPTION_INVALID',
      new RegExp(`TextStreamer: ${name}: expected a function, got 5`),
    )
  await rejects(() => new TextStreamer(undefined as never), 'INPUT_INVALID', /tokenizer.*got undefined/)
  await rejects(() => translate('two', { streamer: null as never }), 'OPTION_INVALID', /streamer.*got null/)
  await translate.dispose()
})

test.run()
