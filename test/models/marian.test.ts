import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load } from '../../lib/models/load.js'
import type { Marian } from '../../lib/models/marian/marian.js'
import * as ops from '../../lib/ops/index.js'
import { getRuntime } from '../../lib/runtime/runtime.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['marian-mt'])

const open = async () => (await load(golden('marian-mt'))) as Marian
const pad = 142

function ids(rows: readonly (readonly number[])[]): Tensor<'int64'> {
  return Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64')
}

const texts = [
  [40, 41, 42, 43, 44, 45, 46, 0],
  [50, 51, 52, 0, pad, pad, pad, pad],
  [60, 61, 0, pad, pad, pad, pad, pad],
]
const kept = texts.map((row) => row.map((id) => (id === pad ? 0 : 1)))
const source = () => ({ inputIds: ids(texts), attentionMask: ids(kept) })
const _row = (x: ops.FloatTensor, index: number) => ops.slice(x, { axis: 0, start: index, end: index + 1 })

/** Ids written for the texts, and the logits they were chosen by. */
const written = async (model: Marian, options: object) => {
  const { sequences, stepLogits } = await model.generate(source(), { ...options, returnLogits: true })
  return { sequences, logits: stepLogits!.map((step) => Buffer.from(step.buffer).toString('base64')) }
}

test('a model tells what it is', async () => {
  using model = await open()
  assert.is(model.info.architecture, 'marian')
  assert.is(model.info.layout, 'transformers MarianMTModel')
  assert.is(model.info.tasks[0], 'translation')
})

test('decoding with a cache and without gives the same tokens from the same bits', async () => {
  using model = await open()
  for (const options of [
    { maxLength: 30, numBeams: 1, eosTokenId: 141 },
    { maxLength: 30, numBeams: 3, numReturnSequences: 2 },
    { maxLength: 30, numBeams: 1, doSample: true, seed: 7, numReturnSequences: 2 },
  ]) {
    const cached = await written(model, options)
    const plain = await written(model, { ...options, useCache: false })
    assert.equal(cached, plain, JSON.stringify(options))
  }
})

test('a prompt for the decoder is read at once', async () => {
  using model = await open()
  const prompts = [
    [pad, 20, 21],
    [pad, 22, 23],
    [pad, 24, 25],
  ]
  for (const numBeams of [1, 3]) {
    const inputs = { ...source(), decoderInputIds: ids(prompts) }
    const cached = await model.generate(inputs, { maxLength: 9, numBeams })
    assert.equal(cached, await model.generate(inputs, { maxLength: 9, numBeams, useCache: false }))
    const starts = cached.sequences.map((tokens) => tokens.slice(0, 3))
    assert.equal(starts, prompts)
    const without = { ...source(), decoderInputIds: ids(prompts.map((tokens) => tokens.slice(1))) }
    assert.equal(
      await model.generate(without, { maxLength: 9, numBeams }),
      cached,
      'the start token is added',
    )
  }
})

test('a cache grows past its initial capacity', async () => {
  using model = await openChanged<Marian>('marian-mt', { max_position_embeddings: 80 })
  const options = { numBeams: 2, maxLength: 75, minLength: 75 }
  const cached = await written(model, options)
  assert.is(cached.sequences[0]!.length, 75)
  assert.equal(cached, await written(model, { ...options, useCache: false }))
})

test('generated tokens are those that the scores of the whole target choose', async () => {
  using model = await open()
  const { sequences, stepLogits } = await model.generate(source(), { numBeams: 1, returnLogits: true })
  const { logits } = await model.run({
    ...source(),
    decoderInputIds: ids(sequences.map((tokens) => tokens.slice(0, -1))),
  })
  const steps = stepLogits!.map((step) => Tensor.from(step, [3, step.length / 3]))
  await sameBits(ops.stack(steps, 1), logits!, 'logits step by step')
})

test('a text is generated alike alone and in a batch', async () => {
  using model = await open()
  const all = await model.generate(source(), {})
  for (const [index, tokens] of texts.entries()) {
    const alone = { inputIds: ids([tokens]), attentionMask: ids([kept[index]!]) }
    const single = await model.generate(alone, {})
    const length = single.sequences[0]!.length
    assert.equal(all.sequences[index]!.slice(0, length), single.sequences[0])
  }
})

test('encode gives what run gives of the source', async () => {
  using model = await open()
  const encoded = await model.encode(source(), { hiddenStates: true, attentions: true })
  const run = await model.run({ ...source(), decoderInputIds: ids([[pad], [pad], [pad]]) })
  await sameBits(encoded.lastHiddenState, run.encoderLastHiddenState, 'encoder output')
  assert.is(encoded.hiddenStates!.length, 3)
  assert.equal([...encoded.attentions![1]!.shape], [3, 3, 8, 8])
})

test('padding of source and target cannot be seen', async () => {
  using model = await open()
  const target = texts.map((tokens) => [pad, ...tokens.slice(0, 5)])
  const targetKept = [
    [1, 1, 1, 1, 1, 1],
    [1, 1, 1, 0, 0, 0],
    [1, 1, 0, 0, 0, 0],
  ]
  const other = (rows: number[][], mask: number[][]) =>
    ids(rows.map((tokens, r) => tokens.map((token, i) => (mask[r]![i] ? token : 99))))
  const masks = { attentionMask: ids(kept), decoderAttentionMask: ids(targetKept) }
  const want = await model.run({ inputIds: ids(texts), decoderInputIds: ids(target), ...masks })
  const got = await model.run({
    inputIds: other(texts, kept),
    decoderInputIds: other(target, targetKept),
    ...masks,
  })
  const first = (x: ops.FloatTensor) => ops.slice(x, { axis: 1, start: 0, end: 2 })
  await sameBits(first(got.logits!), first(want.logits!), 'logits of places that are kept')
})

test('generation without a mask leaves out padding tokens', async () => {
  using model = await open()
  const want = await model.generate(source(), {})
  assert.equal(await model.generate({ inputIds: ids(texts) }, {}), want)
  const all = ids(texts.map((tokens) => tokens.map(() => 1)))
  const seen = await model.generate({ inputIds: ids(texts), attentionMask: all }, { returnLogits: true })
  const hidden = await model.generate({ inputIds: ids(texts) }, { returnLogits: true })
  assert.not.equal(seen.stepLogits![0], hidden.stepLogits![0])
})

test('generation leaves no memory behind', async () => {
  using model = await open()
  const memory = () => getRuntime().native.info().memory.buffers
  const given = source()
  const write = async () => {
    for (const options of [{ numBeams: 1 }, { numBeams: 3 }, { useCache: false }])
      await model.generate(given, { maxLength: 30, ...options })
  }
  await write()
  const before = memory()
  await write()
  assert.ok(memory() <= before, `${memory()} bytes after, ${before} before`)
})

test('tokens are reported as they are chosen', async () => {
  using model = await open()
  const seen: number[][] = [[], [], []]
  const { sequences } = await model.generate(source(), {
    numBeams: 1,
    onToken: ({ row, token }) => seen[row]!.push(token),
  })
  assert.equal(
    seen.map((tokens) => [pad, ...tokens]),
    sequences.map((tokens, index) => tokens.slice(0, seen[index]!.length + 1)),
  )
})

test('a signal stops generation, and the model works after', async () => {
  using model = await openChanged<Marian>('marian-mt', { max_position_embeddings: 4000 })
  const want = await model.generate(source(), {})
  const controller = new AbortController()
  let tokens = 0
  let stopped = 0
  const onToken = () => {
    if (++tokens !== 30) return
    stopped = performance.now()
    controller.abort()
  }
  const options = { numBeams: 1, minLength: 4000, maxLength: 4000, signal: controller.signal, onToken }
  await rejects(model.generate(source(), options), 'ABORTED', 'aborted')
  assert.ok(performance.now() - stopped < 50, `took ${performance.now() - stopped} ms`)
  const signal = AbortSignal.timeout(20)
  signal.addEventListener('abort', () => {
    stopped = performance.now()
  })
  const beams = { numBeams: 4, minLength: 4000, maxLength: 4000, signal }
  await rejects(model.generate(source(), beams), 'ABORTED', 'aborted')
  assert.ok(performance.now() - stopped < 50, `took ${performance.now() - stopped} ms`)
  assert.equal(await model.generate(source(), {}), want)
  await rejects(model.generate(source(), { signal: AbortSignal.abort() }), 'ABORTED', 'aborted')
})

test('bad inputs are named', async () => {
  using model = await open()
  const target = ids([[pad], [pad], [pad]])
  const run = (wrong: object) => model.run({ ...source(), decoderInputIds: target, ...wrong })
  await rejects(model.generate(null as never), 'OPTION_INVALID', 'inputs')
  await rejects(
    model.generate({ ...source(), decoderInputIds: 0 as never }),
    'INPUT_INVALID',
    'decoderInputIds',
  )
  await rejects(run({ decoderInputIds: ids([[pad]]) }), 'SHAPE_MISMATCH', 'batch size')
  await rejects(
    run({ decoderInputIds: ids([[143], [0], [0]]) }),
    'TOKEN_OUT_OF_RANGE',
    'decoderInputIds, row 0, position 0',
  )
  await rejects(run({ decoderAttentionMask: ids(kept) }), 'SHAPE_MISMATCH', 'decoderAttentionMask')
  const write = (wrong: object, options: object = {}) => model.generate({ ...source(), ...wrong }, options)
  await rejects(write({ inputIds: ids([[200]]) }), 'TOKEN_OUT_OF_RANGE', 'inputIds, row 0, position 0')
  await rejects(write({ inputIds: Tensor.zeros([1, 33], 'int64') }), 'TEXT_TOO_LONG', 'at most 32 tokens')
  await rejects(write({ inputIds: Tensor.zeros([0, 3], 'int64') }), 'EMPTY_BATCH', 'inputIds')
  await rejects(write({}, { maxTokens: 3 }), 'OPTION_UNKNOWN', 'maxTokens')
  await rejects(write({}, { numBeams: 0 }), 'OPTION_INVALID', 'numBeams')
  await rejects(write({}, { useCache: 1 }), 'OPTION_INVALID', 'useCache')
  await rejects(write({}, { minLength: 60, maxLength: 60 }), 'TEXT_TOO_LONG', 'maxLength')
  await rejects(model.encode(source(), { signal: AbortSignal.abort() }), 'ABORTED', 'aborted')
  model.dispose()
  await rejects(write({}), 'DISPOSED', 'disposed')
})

test('a config or checkpoint that does not fit is named', async () => {
  const changed = (changes: object) => openChanged<Marian>('marian-mt', changes)
  await rejects(changed({ decoder_attention_heads: 5 }), 'CONFIG_INVALID', 'decoder_attention_heads')
  await rejects(changed({ activation_function: 'no' }), 'CONFIG_INVALID', "'no'")
  await rejects(changed({ num_hidden_layers: 1 }), 'TENSOR_UNEXPECTED', 'encoder.layers.1')
  await rejects(changed({ decoder_layers: 3 }), 'TENSOR_MISSING', 'decoder.layers.2')
  await rejects(changed({ vocab_size: 144 }), 'SHAPE_MISMATCH', 'shared.weight')
  await rejects(
    changed({ share_encoder_decoder_embeddings: false }),
    'TENSOR_MISSING',
    'encoder.embed_tokens.weight',
  )
  await rejects(changed({ tie_word_embeddings: false }), 'TENSOR_MISSING', 'lm_head.weight')
})

test('MarianModel has no head, and says so', async () => {
  using model = await openChanged<Marian>('marian-mt', { architectures: ['MarianModel'] })
  const decoderInputIds = ids([[pad], [pad], [pad]])
  const { logits, lastHiddenState } = await model.run({ ...source(), decoderInputIds })
  assert.is(logits, undefined)
  assert.equal([...lastHiddenState.shape], [3, 1, 24])
  await rejects(model.generate(source()), 'TASK_UNSUPPORTED', 'head')
})

test.run()
