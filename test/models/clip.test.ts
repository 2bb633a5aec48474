import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clip } from '../../lib/models/clip/clip.js'
import { load } from '../../lib/models/load.js'
import * as ops from '../../lib/ops/index.js'
import { processorFor } from '../../lib/pipelines/processor.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { loadTokenizer } from '../../lib/text/index.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { noise, rejects, sameBits } from './bits.js'
import { golden, openChanged, testGoldens } from './goldens.js'

testGoldens(test, ['clip-gelu', 'clip-quick-gelu'])

const open = (name = 'clip-gelu') => load<Clip>(golden(name))

function ids(rows: readonly (readonly number[])[]): Tensor<'int64'> {
  return Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64')
}

const images = (batch: number, height = 16, width = 16): ops.FloatTensor =>
  Tensor.from(noise(batch * 3 * height * width), [batch, 3, height, width])

/** 58 begins a text, 59 ends it; the second text is shorter, and padded. */
const texts = [
  [58, 4, 17, 33, 8, 59],
  [58, 21, 59, 0, 0, 0],
]
const kept = texts.map((row) => row.map((id) => (id === 0 ? 0 : 1)))
const given = () => ({ inputIds: ids(texts), attentionMask: ids(kept), pixelValues: images(3) })

test('texts and images may be given alone; together they have the same bits', async () => {
  using model = await open()
  const { pixelValues, ...text } = given()
  const both = await model.run(given())
  assert.equal([...both.logitsPerImage!.shape], [3, 2])
  await sameBits(ops.permute(both.logitsPerText!, [1, 0]), both.logitsPerImage!, 'transposed')
  const [onlyText, onlyImages] = [await model.run(text), await model.run({ pixelValues })]
  await sameBits(onlyText.textEmbeds!, both.textEmbeds!, 'texts')
  await sameBits(onlyImages.imageEmbeds!, both.imageEmbeds!, 'images')
  for (const name of ['imageEmbeds', 'visionModelOutput', 'logitsPerImage'] as const)
    assert.is(onlyText[name], undefined)
  for (const name of ['textEmbeds', 'textModelOutput', 'logitsPerText'] as const)
    assert.is(onlyImages[name], undefined)
  assert.ok(onlyText.textModelOutput!.lastHiddenState.computed)
})

test('embeddings are features scaled to length 1', async () => {
  using model = await open()
  const { textFeatures, textEmbeds, imageFeatures, imageEmbeds } = await model.run(given())
  for (const [features, embeds] of [
    [textFeatures!, textEmbeds!],
    [imageFeatures!, imageEmbeds!],
  ]) {
    const [long, unit] = [(await features!.toArray()) as number[][], (await embeds!.toArray()) as number[][]]
    for (const [row, values] of long.entries()) {
      const length = Math.hypot(...values)
      assert.ok(Math.abs(length - 1) > 1e-3)
      for (const [column, value] of values.entries())
        assert.ok(Math.abs(value / length - unit[row]![column]!) < 1e-6)
    }
  }
})

test('a text is pooled at its first end token, and what comes behind it is not seen', async () => {
  using model = await open()
  const { textModelOutput: want, textEmbeds } = await model.run({ inputIds: ids(texts) })
  const states = want!.lastHiddenState
  for (const [row, position] of [5, 2].entries()) {
    const text: ops.FloatTensor = ops.select(states, 0, row)
    const pooled: ops.FloatTensor = ops.select(want!.poolerOutput, 0, row)
    await sameBits(pooled, ops.select(text, 0, position), `text ${row}`)
  }
  const other = texts.map((row) => row.map((id) => (id === 0 ? 59 : id)))
  const got = await model.run({ inputIds: ids(other), attentionMask: ids(kept) })
  await sameBits(got.textEmbeds!, textEmbeds!, 'other padding')
})

test('an end token of 2 stands for the largest id', async () => {
  using model = await open('clip-quick-gelu')
  const inputIds = ids([[5, 2, 300, 7, 300, 2]])
  const { textModelOutput } = await model.run({ inputIds })
  const text: ops.FloatTensor = ops.select(textModelOutput!.lastHiddenState, 0, 0)
  const pooled: ops.FloatTensor = ops.select(textModelOutput!.poolerOutput, 0, 0)
  await sameBits(pooled, ops.select(text, 0, 2), 'position 2')
})

test('states and weights are given where they are asked for, and change no bit', async () => {
  using model = await open()
  const plain = await model.run(given())
  const asked = await model.run(given(), { hiddenStates: true, attentions: true })
  await sameBits(asked.logitsPerImage!, plain.logitsPerImage!, 'logits')
  for (const [output, layers, tokens] of [
    [asked.textModelOutput!, 2, 6],
    [asked.visionModelOutput!, 2, 5],
  ] as const) {
    assert.is(output.hiddenStates!.length, layers + 1)
    assert.is(output.attentions!.length, layers)
    assert.equal([...output.attentions![0]!.shape.slice(2)], [tokens, tokens])
  }
  assert.is(plain.textModelOutput!.hiddenStates, undefined)
  assert.is(plain.visionModelOutput!.attentions, undefined)
})

test('positions may be given, for all texts or for each', async () => {
  using model = await open()
  const inputIds = ids(texts)
  const positions = texts[0]!.map((_, position) => position)
  const want = await model.run({ inputIds })
  const one = await model.run({ inputIds, positionIds: ids([positions]) })
  const each = await model.run({ inputIds, positionIds: ids([positions, positions]) })
  await sameBits(one.textEmbeds!, want.textEmbeds!, 'one row')
  await sameBits(each.textEmbeds!, want.textEmbeds!, 'two rows')
  const shifted = await model.run({ inputIds, positionIds: ids([positions.map((id) => id + 1)]) })
  assert.not.equal(await shifted.textEmbeds!.data(), await want.textEmbeds!.data())
})

test('images of another size are taken on request', async () => {
  using model = await open('clip-quick-gelu')
  await rejects(model.run({ pixelValues: images(1, 12, 20) }), 'SHAPE_MISMATCH', 'interpolatePositions')
  const { visionModelOutput } = await model.run(
    { pixelValues: images(1, 12, 20) },
    { interpolatePositions: true },
  )
  assert.equal([...visionModelOutput!.lastHiddenState.shape], [1, 16, 24])
})

test('bad inputs are named', async () => {
  using model = await open()
  const run = (inputs: object, options: object = {}) => model.run(inputs, options)
  const inputIds = ids(texts)
  await rejects(run({}), 'INPUT_INVALID', 'inputIds, pixelValues or both')
  await rejects(run({ attentionMask: ids(kept) }), 'INPUT_INVALID', 'inputIds')
  await rejects(run({ inputIds: Tensor.zeros([1, 17], 'int64') }), 'TEXT_TOO_LONG', 'at most 16 tokens')
  await rejects(run({ inputIds, positionIds: ids([[16, 0, 0, 0, 0, 0]]) }), 'TOKEN_OUT_OF_RANGE', '16')
  await rejects(run({ inputIds: null, pixelValues: images(1) }), 'INPUT_INVALID', 'inputIds')
  await rejects(run({ inputIds }, { interpolatePositions: 1 }), 'OPTION_INVALID', 'interpolatePositions')
})

test('a config or checkpoint that does not fit is named', async () => {
  const config = JSON.parse(readFileSync(`${golden('clip-gelu')}/config.json`, 'utf8'))
  const changed = (changes: object) => openChanged<Clip>('clip-gelu', changes)
  const text = (changes: object) => changed({ text_config: { ...config.text_config, ...changes } })
  const vision = (changes: object) => changed({ vision_config: { ...config.vision_config, ...changes } })
  await rejects(text({ num_attention_heads: 5 }), 'CONFIG_INVALID', 'text_config.num_attention_heads')
  await rejects(vision({ hidden_act: 'no' }), 'CONFIG_INVALID', '"vision_config.hidden_act"')
  await rejects(vision({ patch_size: 32 }), 'CONFIG_INVALID', 'patch of 32x32')
  await rejects(changed({ text_config: 3 }), 'CONFIG_INVALID', 'text_config')
  await rejects(text({ num_hidden_layers: 1 }), 'TENSOR_UNEXPECTED', 'text_model.encoder.layers.1')
  await rejects(vision({ num_hidden_layers: 3 }), 'TENSOR_MISSING', 'vision_model.encoder.layers.2')
  await rejects(changed({ projection_dim: 17 }), 'SHAPE_MISMATCH', 'projection')
})

test('text_config_dict of older configs overrides text_config', async () => {
  const { text_config, vision_config } = JSON.parse(
    readFileSync(`${golden('clip-gelu')}/config.json`, 'utf8'),
  )
  const old = { text_config: { hidden_size: 7 }, text_config_dict: text_config }
  using model = await openChanged<Clip>('clip-gelu', { ...old, vision_config_dict: vision_config })
  using plain = await open()
  const got = await model.run(given())
  await sameBits(got.logitsPerImage!, (await plain.run(given())).logitsPerImage!, 'logits')
  // Null, as transformers writes it, is as good as nothing.
  using unset = await openChanged<Clip>('clip-gelu', { text_config_dict: null, vision_config_dict: null })
  await sameBits((await unset.run(given())).logitsPerImage!, got.logitsPerImage!, 'null')
})

const shapes = fileURLToPath(new URL('../../models/shapes-clip', import.meta.url))

test('shapes-clip gives what its card stores for its samples, from pictures and captions', async () => {
  using model = await load<Clip>(shapes)
  using reference = await openCheckpoint(`${shapes}/samples/reference.safetensors`)
  const { order } = JSON.parse(readFileSync(`${shapes}/samples/samples.json`, 'utf8')) as {
    order: { file: string; caption: string; best_caption: string }[]
  }
  const tokenizer = await loadTokenizer(shapes)
  const batch = tokenizer.call(
    order.map(({ caption }) => caption),
    { padding: true },
  )
  assert.equal(batch.inputIds.flat(), Array.from(await reference.tensor('input_ids').data(), Number))
  const processor = await processorFor(model)
  const pixelValues = await processor.process(order.map(({ file }) => `${shapes}/samples/${file}`))
  const output = await model.run({
    inputIds: ids(batch.inputIds),
    attentionMask: ids(batch.attentionMask),
    pixelValues,
  })
  for (const [name, got] of [
    ['text_embeds', output.textEmbeds!],
    ['image_embeds', output.imageEmbeds!],
    ['logits_per_image', output.logitsPerImage!],
  ] as const) {
    const want = await reference.tensor(name).data()
    for (const [index, value] of (await got.data()).entries())
      assert.ok(
        Math.abs(value - Number(want[index])) < 2e-4,
        `${name} ${index}: ${value}, not ${want[index]}`,
      )
  }
  const best = await ops.argmax(output.logitsPerImage!, 1).data()
  for (const [index, { best_caption }] of order.entries())
    assert.is(order[best[index]!]!.caption, best_caption)
})

test.run()
