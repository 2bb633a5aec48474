import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Gpt2 } from '../../lib/models/gpt2/gpt2.js'
import { load } from '../../lib/models/load.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { loadTokenizer } from '../../lib/text/index.js'
import { inFolder } from '../weights/build.js'
import { rejects, sameBits } from './bits.js'
import { golden, openChanged, testGoldens, type Weight } from './goldens.js'

testGoldens(test, ['gpt2-lm'])

const open = () => load<Gpt2>(golden('gpt2-lm'))
const changed = (changes: object, edit?: (weights: Map<string, Weight>) => void) =>
  openChanged<Gpt2>('gpt2-lm', changes, edit)

function ids(rows: readonly (readonly number[])[]): Tensor<'int64'> {
  return Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64')
}

/** "a small red circle", "the train", "b". */
const texts = [[64, 258, 272, 75, 75, 220, 256, 67, 276, 291], [263, 68, 220, 83, 81, 64, 72, 77], [65]]
const end = 316
const longest = texts[0]!.length
const fill = (row: readonly number[], value: number) => new Array<number>(longest - row.length).fill(value)

/** The texts, padded on the left. */
const left = () => ({
  inputIds: ids(texts.map((row) => [...fill(row, end), ...row])),
  attentionMask: ids(texts.map((row) => [...fill(row, 0), ...row.map(() => 1)])),
})

/** The texts, padded on the right. */
const right = () => ({
  inputIds: ids(texts.map((row) => [...row, ...fill(row, 5)])),
  attentionMask: ids(texts.map((row) => [...row.map(() => 1), ...fill(row, 0)])),
})

/** Positions start to end of a text of a batch: [1, end - start, width]. */
function part(x: ops.FloatTensor, text: number, start: number, end: number): ops.FloatTensor {
  const row: ops.FloatTensor = ops.slice(x, { axis: 0, start: text, end: text + 1 })
  return ops.slice(row, { axis: 1, start, end })
}

test('a model tells what it is', async () => {
  using model = await open()
  assert.is(model.info.architecture, 'gpt2')
  assert.is(model.info.layout, 'transformers GPT2LMHeadModel')
  assert.equal(model.info.tasks, ['text-generation'])
  assert.equal(model.generationDefaults, { bosTokenId: end, eosTokenId: end })
})

test('the tokenizer of the folder gives the ids of transformers', async () => {
  const tokenizer = await loadTokenizer(golden('gpt2-lm'))
  for (const [text, want] of [
    ['a small red circle', texts[0]],
    ['the train', texts[1]],
    ['The train, at 12:30!', [51, 71, 68, 220, 83, 81, 64, 72, 77, 11, 220, 305, 220, 16, 17, 25, 18, 15, 0]],
    ['  zwei Züge\n\t🚂', [220, 220, 89, 86, 68, 72, 220, 57, 127, 120, 270, 198, 197, 172, 253, 248, 224]],
    ['<|endoftext|>a', [end, 64]],
    ['', []],
  ] as [string, number[]][]) {
    assert.equal(tokenizer.encode(text).inputIds, want)
    assert.is(tokenizer.decode(want), text)
  }
  assert.is(tokenizer.decode([end, 64], { skipSpecialTokens: true }), 'a')
})

/** What generate() of transformers 4.57 gives for the texts, padded on the left, in double precision. */
const generated = [
  {
    options: { maxNewTokens: 8 },
    sequences: [
      [252, 252, 77, 210, 188, 301, 223, 65],
      [309, 309, 252, 252, 77, 210, 188, 301],
      [51, 287, 87, 155, 269, 258, 70, 57],
    ],
  },
  {
    options: { maxNewTokens: 8, numBeams: 3, numReturnSequences: 2 },
    sequences: [
      [252, 252, 87, 87, 252, 87, 87, 252],
      [252, 252, 87, 87, 252, 87, 252, 87],
      [252, 252, 87, 252, 77, 210, 188, 301],
      [252, 252, 252, 252, 77, 210, 188, 301],
      [309, 287, 87, 287, 87, 137, 19, 291],
      [309, 287, 87, 287, 87, 137, 19, 223],
    ],
    scores: [-1.7863, -1.8274, -2.096, -2.0995, -1.854, -1.9936],
  },
  {
    options: { maxNewTokens: 8, numBeams: 4, lengthPenalty: 2, earlyStopping: true, noRepeatNgramSize: 2 },
    sequences: [
      [252, 252, 87, 87, 252, 287, 87, 51],
      [252, 252, 87, 252, 77, 210, 188, 301],
      [51, 137, 252, 287, 87, 137, 19, 291],
    ],
    scores: [-0.2557, -0.262, -0.2333],
  },
  {
    options: { maxNewTokens: 10, numBeams: 2, repetitionPenalty: 1.3 },
    sequences: [
      [252, 252, 77, 210, 188, 301, 223, 65, 83, 252],
      [70, 304, 83, 252, 77, 210, 188, 87, 252, 77],
      [51, 287, 87, 155, 269, 258, 70, 57, 194, 83],
    ],
    scores: [-2.3349, -2.4377, -2.0306],
  },
]

for (const { options, sequences, scores } of generated)
  test(`generate() gives what transformers gives: ${Object.keys(options).join(', ')}`, async () => {
    using model = await open()
    const got = await model.generate(left(), options)
    assert.equal(
      got.sequences.map((row) => row.slice(longest)),
      sequences,
    )
    scores?.forEach((score, row) => {
      assert.ok(Math.abs(got.sequencesScores![row]! - score) < 1e-4, `score ${row}`)
    })
  })

test('a text gives the same tokens and scores alone, in a batch, and padded on either side', async () => {
  using model = await open()
  for (const options of [
    { maxNewTokens: 8, eosTokenId: 77 },
    { maxLength: 12, eosTokenId: null },
    { maxNewTokens: 8, numBeams: 3 },
  ]) {
    const fromLeft = await model.generate(left(), options)
    const fromRight = await model.generate(right(), options)
    for (const [index, text] of texts.entries()) {
      const { sequences, sequencesScores } = await model.generate({ inputIds: ids([text]) }, options)
      const want = sequences[0]!.slice(text.length)
      for (const { sequences, sequencesScores: scores, lengths } of [fromLeft, fromRight]) {
        assert.equal(sequences[index]!.slice(longest, lengths[index]), want, JSON.stringify(options))
        assert.is(scores?.[index], sequencesScores?.[0])
      }
    }
  }
})

test('decoding with a cache and without gives the same tokens from the same bits', async () => {
  using model = await open()
  const prompt = { inputIds: ids([texts[0]!.slice(0, 8), texts[1]!]) }
  for (const options of [
    { maxNewTokens: 20 },
    { maxNewTokens: 20, doSample: true, seed: 3, numReturnSequences: 2 },
    { maxNewTokens: 20, numBeams: 3, numReturnSequences: 2 },
  ]) {
    const written = async (useCache: boolean) => {
      const all = await model.generate(prompt, { ...options, useCache, returnLogits: true })
      return { ...all, stepLogits: all.stepLogits!.map(({ buffer }) => Buffer.from(buffer).toString('hex')) }
    }
    assert.equal(await written(true), await written(false), JSON.stringify(options))
    const uneven = (useCache: boolean) => model.generate(left(), { ...options, useCache })
    assert.equal(await uneven(true), await uneven(false), JSON.stringify(options))
  }
})

test('generated tokens are those that the logits of the whole text choose', async () => {
  using model = await open()
  const { sequences, stepLogits } = await model.generate(
    { inputIds: ids([texts[1]!]) },
    { maxNewTokens: 12, returnLogits: true },
  )
  const { logits } = await model.run({ inputIds: ids(sequences) })
  const steps = stepLogits!.map((step) => Tensor.from(step, [1, step.length]))
  const first = texts[1]!.length - 1
  await sameBits(ops.stack(steps, 1), part(logits!, 0, first, first + 12), 'logits step by step')
})

test('stream() yields the tokens of generate(), and hands over its result', async () => {
  using model = await open()
  const want = await model.generate(left(), { maxNewTokens: 8, eosTokenId: 77 })
  const rows: number[][] = texts.map(() => [])
  for await (const { tokens } of model.stream(left(), { maxNewTokens: 8, eosTokenId: 77 }))
    tokens.forEach((row, index) => {
      rows[index]!.push(...row)
    })
  assert.equal(
    rows,
    want.sequences.map((row, index) => row.slice(0, want.lengths[index])),
  )
})

test('a text runs to the last position of the model, and no further', async () => {
  using model = await open()
  const inputIds = ids([texts[0]!])
  const { sequences } = await model.generate({ inputIds }, { maxLength: 33 })
  assert.is(sequences[0]!.length, 33, 'the last token needs no position')
  await rejects(model.generate({ inputIds }, { maxLength: 34 }), 'TEXT_TOO_LONG', 'maxLength')
})

test('padding is not seen, and does not move positions', async () => {
  using model = await open()
  const { logits: fromRight } = await model.run(right())
  const starts = texts.map((row) => longest - row.length)
  const positionIds = ids(
    starts.map((start) => Array.from({ length: longest }, (_, i) => Math.max(0, i - start))),
  )
  const { logits: fromLeft } = await model.run({ ...left(), positionIds })
  const { logits: unplaced } = await model.run(left())
  for (const [index, text] of texts.entries()) {
    const alone = await (await model.run({ inputIds: ids([text]) })).logits!.data()
    const close = async (x: ops.FloatTensor) => {
      const got = await x.data()
      return alone.every((value, i) => Math.abs(value - got[i]!) < 1e-5)
    }
    assert.ok(await close(part(fromRight!, index, 0, text.length)), `text ${index} on the left`)
    assert.ok(await close(part(fromLeft!, index, starts[index]!, longest)), `text ${index} on the right`)
    // As in transformers: positions follow from the mask in generation only.
    assert.is(await close(part(unplaced!, index, starts[index]!, longest)), starts[index] === 0)
  }
  const other = ids(texts.map((row) => [...row, ...fill(row, 200)]))
  const unseen = await model.run({ ...right(), inputIds: other })
  await sameBits(part(unseen.logits!, 1, 0, 8), part(fromRight!, 1, 0, 8), 'other padding')
})

test('the last hidden state is after the norm; states and weights change no bit', async () => {
  using model = await open()
  const plain = await model.run(left())
  const asked = await model.run(left(), { hiddenStates: true, attentions: true })
  await sameBits(asked.logits!, plain.logits!, 'logits')
  await sameBits(asked.hiddenStates!.at(-1)!, asked.lastHiddenState, 'the last state')
  assert.is(asked.hiddenStates!.length, 3)
  assert.equal(
    asked.attentions!.map(({ shape }) => [...shape]),
    [
      [3, 3, 10, 10],
      [3, 3, 10, 10],
    ],
  )
  assert.is(plain.hiddenStates, undefined)
  assert.is(plain.attentions, undefined)
})

test('token types have the embeddings of tokens; positions may be given', async () => {
  using model = await open()
  const inputIds = ids([[4, 9, 4]])
  const positionIds = ids([[0, 1, 2]])
  const want = await model.run({ inputIds }, { hiddenStates: true })
  await sameBits((await model.run({ inputIds, positionIds })).logits!, want.logits!, 'positions')
  const typed = await model.run({ inputIds, tokenTypeIds: ids([[7, 7, 7]]) }, { hiddenStates: true })
  const swapped = await model.run(
    { inputIds: ids([[7, 7, 7]]), tokenTypeIds: inputIds },
    { hiddenStates: true },
  )
  await sameBits(typed.logits!, swapped.logits!, 'types and tokens')
  assert.not.equal(await typed.logits!.data(), await want.logits!.data())
})

/** Logits of a model, which is disposed of. */
async function logitsOf(opening: Promise<Gpt2>): Promise<Tensor> {
  using model = await opening
  const { logits } = await model.run({ inputIds: ids([texts[0]!]) })
  return Tensor.from(await logits!.data(), logits!.shape)
}

test('the names of older files: no prefix, stored masks, a head that is tied', async () => {
  const want = await logitsOf(open())
  const older = changed({ n_inner: undefined, scale_attn_weights: undefined, n_ctx: 32 }, (weights) => {
    for (const [name, weight] of [...weights]) {
      weights.delete(name)
      weights.set(name.replace(/^transformer\./, ''), weight)
    }
    for (const layer of [0, 1]) {
      weights.set(`h.${layer}.attn.bias`, { shape: [1, 1, 2, 2], data: Float32Array.of(1, 0, 1, 1) })
      weights.set(`h.${layer}.attn.masked_bias`, { shape: [], data: Float32Array.of(-1e4) })
    }
    weights.set('lm_head.weight', weights.get('wte.weight')!)
  })
  await sameBits(await logitsOf(older), want, 'older names')
})

test('a head of its own, where the config does not tie it', async () => {
  const want = await (await logitsOf(open())).data()
  const untied = changed({ tie_word_embeddings: false }, (weights) => {
    const { shape, data } = weights.get('transformer.wte.weight')!
    weights.set('lm_head.weight', { shape, data: data.map((value) => 2 * value) })
  })
  assert.equal(
    await (await logitsOf(untied)).data(),
    (want as Float32Array).map((value) => 2 * value),
  )
})

/** Multiplies the queries of a layer. */
function scaleQueries(weights: Map<string, Weight>, layer: number, factor: number): void {
  for (const name of ['weight', 'bias']) {
    const { data } = weights.get(`transformer.h.${layer}.attn.c_attn.${name}`)!
    // Queries are the first 24 of 72 columns.
    for (let i = 0; i < data.length; i++) if (i % 72 < 24) data[i]! *= factor
  }
}

test('factors of the attention scores: none, and one that falls with the layer', async () => {
  // Powers of two, so that scaled queries give the bits of scaled scores. Six heads of width 4 have a factor of 1 / 2.
  const unscaled = changed({ n_head: 6, scale_attn_weights: false })
  const doubled = changed({ n_head: 6 }, (weights) => {
    for (const layer of [0, 1]) scaleQueries(weights, layer, 2)
  })
  await sameBits(await logitsOf(unscaled), await logitsOf(doubled), 'unscaled')
  const halved = () => changed({}, (weights) => scaleQueries(weights, 1, 0.5))
  for (const more of [{}, { reorder_and_upcast_attn: true }]) {
    const byLayer = changed({ scale_attn_by_inverse_layer_idx: true, ...more })
    await sameBits(await logitsOf(byLayer), await logitsOf(halved()), 'by layer')
  }
})

test('sizes by the names of other configs go before those of GPT-2, as in transformers', async () => {
  const want = await logitsOf(open())
  const common = {
    hidden_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 3,
    max_position_embeddings: 32,
  }
  const own = { n_embd: 7, n_layer: 1, n_head: 6, n_positions: 8 }
  await sameBits(await logitsOf(changed({ ...own, ...common })), want, 'both')
})

test('without generation_config.json the config names the tokens, or else the library', async () => {
  await inFolder(async (dir) => {
    await cp(golden('gpt2-lm'), dir, { recursive: true })
    await rm(join(dir, 'generation_config.json'))
    const defaults = async () => {
      using model = await load<Gpt2>(dir)
      return model.generationDefaults
    }
    assert.equal(await defaults(), { bosTokenId: end, eosTokenId: end })
    const file = join(dir, 'config.json')
    const { bos_token_id, eos_token_id, ...config } = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify(config))
    assert.equal(await defaults(), { bosTokenId: 50256, eosTokenId: 50256 })
    await writeFile(file, JSON.stringify({ ...config, bos_token_id, eos_token_id: null }))
    assert.equal(await defaults(), { bosTokenId: end })
  })
})

test('GPT2Model has no head, and says so', async () => {
  using lm = await open()
  using model = await changed({ architectures: ['GPT2Model'] }, (weights) => {
    weights.set('lm_head.weight', { shape: [1], data: Float32Array.of(0) })
  })
  const inputIds = ids([texts[0]!])
  const { logits, lastHiddenState } = await model.run({ inputIds })
  assert.is(logits, undefined)
  await sameBits(lastHiddenState, (await lm.run({ inputIds })).lastHiddenState, 'last hidden state')
  assert.equal(model.info.tasks, [])
  await rejects(
    model.generate({ inputIds }),
    'TASK_UNSUPPORTED',
    'a head to write with, got transformers GPT2Model',
  )
})

test('bad inputs are named', async () => {
  using model = await open()
  const run = (inputs: object, options: object = {}) =>
    model.run({ inputIds: ids([[1, 2]]), ...inputs }, options)
  await rejects(run({ inputIds: ids([[317]]) }), 'TOKEN_OUT_OF_RANGE', 'inputIds, row 0, position 0')
  await rejects(run({ inputIds: Tensor.zeros([1, 33], 'int64') }), 'TEXT_TOO_LONG', 'at most 32 tokens')
  await rejects(run({ positionIds: ids([[0, 32]]) }), 'TOKEN_OUT_OF_RANGE', 'positionIds, row 0, position 1')
  await rejects(run({ positionIds: ids([[0]]) }), 'SHAPE_MISMATCH', 'positionIds')
  await rejects(
    run({ tokenTypeIds: ids([[0, 317]]) }),
    'TOKEN_OUT_OF_RANGE',
    'tokenTypeIds, row 0, position 1',
  )
  for (const name of ['attentionMask', 'positionIds', 'tokenTypeIds'])
    await rejects(run({ [name]: 0 }), 'INPUT_INVALID', `${name}: expected a tensor, got 0`)
  const write = (inputs: object, options: object = {}) =>
    model.generate({ inputIds: ids([[1, 2]]), ...inputs }, options)
  await rejects(write({ inputIds: ids([[317]]) }), 'TOKEN_OUT_OF_RANGE', 'inputIds, row 0, position 0')
  await rejects(write({ positionIds: ids([[0, 1]]) }), 'OPTION_UNKNOWN', 'positionIds')
  await rejects(write({ attentionMask: ids([[0, 0]]) }), 'INPUT_INVALID', 'got padding only')
  await rejects(write({ attentionMask: '' }), 'INPUT_INVALID', 'attentionMask')
  await rejects(
    model.generate({ inputIds: ids([[1]]) }, null as never),
    'OPTION_INVALID',
    'an object, got null',
  )
  await rejects(model.stream({ inputIds: ids([[1]]) }, null as never).next(), 'OPTION_INVALID', 'got null')
  await rejects(write({}, { useCaches: true }), 'OPTION_UNKNOWN', 'useCache')
  await rejects(write({}, { returnLogits: 1 }), 'OPTION_INVALID', 'returnLogits')
  await rejects(write({}, { maxTokens: 3 }), 'OPTION_UNKNOWN', 'maxTokens')
  await rejects(write({}, { signal: AbortSignal.abort() }), 'ABORTED', 'abort')
  model.dispose()
  await rejects(write({}), 'DISPOSED', 'gpt2-lm')
})

test('a row that has ended may be padded with a token outside the vocabulary', async () => {
  using model = await open()
  const inputs = {
    inputIds: ids([
      [3, 4],
      [7, 8],
    ]),
  }
  const [first] = (await model.generate({ inputIds: ids([[3, 4]]) }, { maxNewTokens: 1 })).sequences
  const options = { maxNewTokens: 4, eosTokenId: first![2]! }
  const { sequences, lengths } = await model.generate(inputs, { ...options, padTokenId: 9999 })
  assert.equal(lengths, [3, 6])
  assert.equal(sequences[0]!.slice(3), [9999, 9999, 9999])
  assert.equal(
    sequences,
    (await model.generate(inputs, { ...options, padTokenId: 0 })).sequences.map((row, index) =>
      index === 0 ? [...row.slice(0, 3), 9999, 9999, 9999] : row,
    ),
  )
})

test('a maximum length beyond all memory costs nothing where the text ends before it', async () => {
  using model = await open()
  const inputs = { inputIds: ids([[3, 4]]) }
  const { sequences } = await model.generate(inputs, { maxNewTokens: 5 })
  const options = { maxNewTokens: 1e15, eosTokenId: sequences[0]![6]! }
  const [long] = (await model.generate(inputs, options)).sequences
  assert.equal(long, sequences[0]!.slice(0, long!.length))
  const beams = await model.generate(inputs, { maxNewTokens: 5, numBeams: 2 })
  const end = { eosTokenId: beams.sequences[0]![3]!, numBeams: 2, earlyStopping: true }
  const found = await model.generate(inputs, { ...end, maxNewTokens: 1e15 })
  assert.equal(found.sequences, (await model.generate(inputs, { ...end, maxNewTokens: 25 })).sequences)
})

test('a config or checkpoint that does not fit is named', async () => {
  await rejects(changed({ add_cross_attention: true }), 'CONFIG_INVALID', 'add_cross_attention')
  await rejects(changed({ n_head: 5 }), 'CONFIG_INVALID', '"n_head": expected a divisor of n_embd (24)')
  await rejects(changed({ num_attention_heads: 5 }), 'CONFIG_INVALID', '"num_attention_heads"')
  await rejects(
    changed({ activation_function: 'no' }),
    'CONFIG_INVALID',
    'config.json, "activation_function"',
  )
  await rejects(changed({ scale_attn_weights: 1 }), 'CONFIG_INVALID', 'scale_attn_weights')
  await rejects(changed({ n_layer: 1 }), 'TENSOR_UNEXPECTED', 'transformer.h.1')
  await rejects(changed({ n_layer: 3 }), 'TENSOR_MISSING', 'transformer.h.2')
  await rejects(changed({ n_inner: 95 }), 'SHAPE_MISMATCH', 'mlp.c_fc.weight')
  await rejects(changed({ vocab_size: undefined }), 'SHAPE_MISMATCH', '[50257, 24]')
  await rejects(changed({ tie_word_embeddings: false }), 'TENSOR_MISSING', 'lm_head.weight')
})

test.run()
