import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Bert } from '../../lib/models/bert/bert.js'
import { load } from '../../lib/models/load.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { rejects, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, [
  ...['bert-model', 'bert-classifier', 'bert-pretraining', 'bert-legacy-names', 'bert-decoder', 'bert-cross'],
])

const open = async (name = 'bert-pretraining') => (await load(golden(name))) as Bert

function ids(rows: readonly (readonly number[])[]): Tensor<'int64'> {
  return Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64')
}

const texts = [
  [2, 40, 41, 42, 43, 44, 45, 3],
  [2, 50, 51, 52, 3, 0, 0, 0],
  [2, 60, 61, 3, 0, 0, 0, 0],
]
const kept = texts.map((row) => row.map((id) => (id === 0 ? 0 : 1)))

test('a model tells what it is', async () => {
  using classifier = await open('bert-classifier')
  assert.is(classifier.info.architecture, 'bert')
  assert.is(classifier.info.layout, 'transformers BertForSequenceClassification')
  assert.equal(classifier.info.labels, ['LABEL_0', 'LABEL_1', 'LABEL_2'])
  using bare = await open('bert-model')
  assert.is(bare.info.labels, undefined)
})

test('padding is masked, and each query can have its own mask', async () => {
  using model = await open()
  const want = await model.run({ inputIds: ids(texts), attentionMask: ids(kept) })
  const other = texts.map((row) => row.map((id) => (id === 0 ? 99 : id)))
  const got = await model.run({ inputIds: ids(other), attentionMask: ids(kept) })
  await sameBits(got.poolerOutput!, want.poolerOutput!, 'other words in the padding')
  const drawn = ops.reshape(ops.expand(ops.reshape(ids(kept), [3, 1, 8]), [3, 8, 8]), [3, 8, 8])
  const each = await model.run({ inputIds: ids(texts), attentionMask: drawn as Tensor<'int64'> })
  await sameBits(each.lastHiddenState, want.lastHiddenState, 'a mask for each place')
})

test('a text of padding only attends to all tokens alike, as in the library', async () => {
  using model = await open()
  const mask = [kept[0]!, kept[1]!, kept[2]!.map(() => 0)]
  const run = await model.run({ inputIds: ids(texts), attentionMask: ids(mask) }, { attentions: true })
  const weights = await run.attentions![0]!.data()
  assert.ok(weights.subarray(2 * 3 * 8 * 8).every((weight) => Math.abs(weight - 1 / 8) < 1e-6))
})

test('what is left out has the defaults of the library', async () => {
  using model = await open()
  const zeros = texts.map((row) => row.map(() => 0))
  const ones = zeros.map((row) => row.map(() => 1))
  const places = zeros.map((row) => row.map((_, place) => place))
  const short = await model.run({ inputIds: ids(texts) })
  const full = await model.run({
    inputIds: ids(texts),
    attentionMask: ids(ones),
    tokenTypeIds: ids(zeros),
    positionIds: ids(places),
  })
  await sameBits(short.predictionLogits!, full.predictionLogits!, 'defaults')
  const one = await model.run({ inputIds: ids(texts), positionIds: ids([places[0]!]) })
  await sameBits(one.predictionLogits!, full.predictionLogits!, 'one row of positions')
})

test('hidden states and attentions do not change a bit of the result', async () => {
  using model = await open()
  const given = { inputIds: ids(texts), attentionMask: ids(kept) }
  const plain = await model.run(given)
  const open_ = await model.run(given, { hiddenStates: true, attentions: true })
  await sameBits(open_.lastHiddenState, plain.lastHiddenState, 'last hidden state')
  assert.is(plain.hiddenStates, undefined)
  assert.is(open_.hiddenStates!.length, 3)
})

test('bad inputs are named', async () => {
  using model = await open()
  const inputIds = ids(texts)
  const run = (wrong: object) => model.run({ inputIds, ...wrong })
  await rejects(run({ inputIds: Tensor.zeros([3, 0], 'int64') }), 'EMPTY_BATCH', 'inputIds')
  await rejects(run({ inputIds: Tensor.zeros([1, 25], 'int64') }), 'TEXT_TOO_LONG', 'at most 24 tokens')
  await rejects(run({ inputIds: ids([[2, 130]]) }), 'TOKEN_OUT_OF_RANGE', 'inputIds, row 0, position 1')
  await rejects(run({ tokenTypeIds: ids(texts) }), 'TOKEN_OUT_OF_RANGE', 'tokenTypeIds')
  await rejects(run({ tokenTypeIds: ids([[0, 0]]) }), 'SHAPE_MISMATCH', 'tokenTypeIds')
  await rejects(run({ positionIds: ids([[0, 1, 2, 3, 4, 5, 6, 24]]) }), 'TOKEN_OUT_OF_RANGE', 'positionIds')
  await rejects(run({ input_ids: inputIds }), 'OPTION_UNKNOWN', 'input_ids')
})

test('a config or checkpoint that does not fit is named', async () => {
  const pretraining = (changes: object) => openChanged<Bert>('bert-pretraining', changes)
  await rejects(
    pretraining({ position_embedding_type: 'relative_key' }),
    'CONFIG_INVALID',
    'position_embedding_type',
  )
  await rejects(pretraining({ num_attention_heads: 5 }), 'CONFIG_INVALID', 'num_attention_heads')
  await rejects(pretraining({ hidden_act: 'geglu' }), 'CONFIG_INVALID', 'geglu')
  await rejects(pretraining({ add_cross_attention: true }), 'CONFIG_INVALID', 'add_cross_attention')
  await rejects(
    pretraining({ is_decoder: true, add_cross_attention: true }),
    'TENSOR_MISSING',
    'crossattention',
  )
  await rejects(pretraining({ intermediate_size: 40 }), 'SHAPE_MISMATCH', 'intermediate.dense')
  await rejects(pretraining({ num_hidden_layers: 3 }), 'TENSOR_MISSING', 'encoder.layer.2')
  await rejects(pretraining({ num_hidden_layers: 1 }), 'TENSOR_UNEXPECTED', 'encoder.layer.1')
  await rejects(
    pretraining({ architectures: ['BertForTokenClassification'] }),
    'TENSOR_MISSING',
    'classifier',
  )
  await rejects(pretraining({ tie_word_embeddings: false }), 'TENSOR_MISSING', 'predictions.decoder.weight')
  await rejects(
    openChanged<Bert>('bert-classifier', { id2label: { '0': 'a' } }),
    'SHAPE_MISMATCH',
    'classifier',
  )
})

test('the bare model reads a checkpoint of pretraining', async () => {
  using model = await openChanged<Bert>('bert-pretraining', { architectures: ['BertModel'] })
  using whole = await open()
  const [bare, full] = [await model.run({ inputIds: ids(texts) }), await whole.run({ inputIds: ids(texts) })]
  await sameBits(bare.poolerOutput!, full.poolerOutput!, 'pooler output')
})

test('as a decoder, later tokens change nothing, unless is_causal is false', async () => {
  const inputIds = ids([[2, 40, 41, 42]])
  const other = ids([[2, 40, 41, 50]])
  const before = async (model: Bert, inputIds: Tensor<'int64'>) => {
    const { lastHiddenState } = await model.run({ inputIds })
    return ops.slice(lastHiddenState, { axis: 1, start: 0, end: 3 }).data()
  }
  const isSame = async (changes: object) => {
    using model = await openChanged<Bert>('bert-pretraining', changes)
    const [one, two] = [await before(model, inputIds), await before(model, other)]
    return one.every((value, index) => value === two[index])
  }
  assert.ok(await isSame({ is_decoder: true }))
  assert.not.ok(await isSame({ is_decoder: true, is_causal: false }))
  assert.not.ok(await isSame({ is_decoder: true, is_causal: null }))
  assert.not.ok(await isSame({ is_causal: true }))
})

test('a decoder generates from what its tokenizer gives', async () => {
  using model = await open('bert-decoder')
  const inputIds = ids([[2, 40, 41]])
  const options = { maxNewTokens: 4 }
  const { sequences } = await model.generate({ inputIds }, options)
  assert.is(sequences[0]!.length, 7)
  const typed = { inputIds, attentionMask: ids([[1, 1, 1]]), tokenTypeIds: ids([[0, 0, 0]]) }
  assert.equal((await model.generate(typed, options)).sequences, sequences)
  const others = { inputIds, tokenTypeIds: ids([[0, 0, 1]]) }
  await rejects(model.generate(others, options), 'INPUT_INVALID', 'tokenTypeIds')
  using encoder = await open()
  await rejects(encoder.generate({ inputIds }), 'TASK_UNSUPPORTED', 'BertForPreTraining')
})

test('states of another encoder', async () => {
  using model = await open('bert-cross')
  const inputIds = ids([[2, 40, 41]])
  const encoderHiddenStates = Tensor.ones([1, 5, 24])
  const run = (wrong: object) => model.run({ inputIds, encoderHiddenStates, ...wrong })
  const narrow = { encoderHiddenStates: Tensor.ones([1, 5, 16]) }
  await rejects(run(narrow), 'SHAPE_MISMATCH', 'encoderHiddenStates')
  await rejects(run({ encoderHiddenStates: Tensor.ones([2, 5, 24]) }), 'SHAPE_MISMATCH', '[1, states, 24]')
  await rejects(run({ encoderHiddenStates: 7 }), 'INPUT_INVALID', 'encoderHiddenStates')
  await rejects(run({ encoderAttentionMask: ids([[1]]) }), 'SHAPE_MISMATCH', 'encoderAttentionMask')
  const mask = { encoderHiddenStates: undefined, encoderAttentionMask: ids([[1]]) }
  await rejects(run(mask), 'INPUT_INVALID', 'encoderAttentionMask')
  using plain = await open('bert-decoder')
  await rejects(plain.run({ inputIds, encoderHiddenStates }), 'INPUT_INVALID', 'no cross-attention')
})

test.run()
