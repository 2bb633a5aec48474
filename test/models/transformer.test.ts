import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load } from '../../lib/models/load.js'
import type { TransformerInputs } from '../../lib/models/transformer/inputs.js'
import type { Transformer } from '../../lib/models/transformer/transformer.js'
import * as ops from '../../lib/ops/index.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { noise, rejects, sameBits } from './bits.js'
import { golden, testGoldens } from './goldens.js'

testGoldens(test, ['torch-transformer-post', 'torch-transformer-pre', 'torch-transformer-no-bias'])

const open = async (name = 'torch-transformer-post') => (await load(golden(name))) as Transformer
const width = 24

function sequence(batch: number, places: number, seed: number): ops.FloatTensor {
  return Tensor.from(noise(batch * places * width, seed), [batch, places, width])
}

function inputs(): TransformerInputs {
  return { src: sequence(3, 7, 1), tgt: sequence(3, 5, 2) }
}

/** bool [places, places], true where a place may not look: at what comes later. */
function laterPlaces(places: number): Tensor<'bool'> {
  const later = (index: number) => (index % places > Math.floor(index / places) ? 1 : 0)
  return Tensor.from(
    Uint8Array.from({ length: places * places }, (_, i) => later(i)),
    [places, places],
    'bool',
  )
}

test('a causal option, bool mask and float mask give the same bits', async () => {
  using model = await open()
  const said = await model.run({ ...inputs(), tgtIsCausal: true })
  const drawn = await model.run({ ...inputs(), tgtMask: laterPlaces(5) })
  const added = await model.run({
    ...inputs(),
    tgtMask: ops.where(laterPlaces(5), Number.NEGATIVE_INFINITY, 0),
  })
  await sameBits(drawn.output, said.output, 'drawn')
  await sameBits(added.output, said.output, 'added')
})

test('a mask may differ from head to head', async () => {
  using model = await open()
  const heads = 3
  const stacked = ops.reshape(ops.expand(laterPlaces(5), [3 * heads, 5, 5]), [3 * heads, 5, 5])
  const apart = await model.run({ ...inputs(), tgtMask: stacked as Tensor<'bool'> })
  const common = await model.run({ ...inputs(), tgtMask: laterPlaces(5) })
  await sameBits(apart.output, common.output, 'a mask for each head')
})

test('what is padded cannot be seen', async () => {
  using model = await open()
  const padding = Tensor.from([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0], [3, 7], 'bool')
  const masks = { srcKeyPaddingMask: padding, memoryKeyPaddingMask: padding }
  const given = inputs()
  const changed = await given.src.data()
  const hidden = await padding.data()
  for (let place = 0; place < hidden.length; place++)
    if (hidden[place]) changed.fill(1000, place * width, (place + 1) * width)
  const want = await model.run({ ...given, ...masks })
  const got = await model.run({ src: Tensor.from(changed, [3, 7, width]), tgt: given.tgt, ...masks })
  await sameBits(got.output, want.output, 'other padding')
  const unmasked = await model.run({ src: Tensor.from(changed, [3, 7, width]), tgt: given.tgt })
  assert.not.equal(await unmasked.output.data(), await want.output.data())
})

test('a row without unmasked keys has finite results, and does not affect other rows', async () => {
  using model = await open()
  const padding = Tensor.from([...Array(7).fill(1), ...Array(14).fill(0)], [3, 7], 'bool')
  const masks = { srcKeyPaddingMask: padding, memoryKeyPaddingMask: padding }
  const blind = await model.run({ ...inputs(), ...masks }, { attentions: true })
  assert.ok((await blind.output.data()).every(Number.isFinite))
  const weights = await blind.encoderAttentions![0]!.data()
  assert.ok(weights.subarray(0, 3 * 7 * 7).every((weight) => weight === 0))
  const plain = await model.run(inputs())
  const others = (x: ops.FloatTensor) => ops.slice(x, { axis: 0, start: 1 })
  await sameBits(others(blind.output), others(plain.output), 'the other rows')
})

test('attention weights add up to 1', async () => {
  using model = await open()
  const run = await model.run({ ...inputs(), tgtIsCausal: true }, { attentions: true })
  const all = [run.encoderAttentions!, run.decoderAttentions!, run.crossAttentions!]
  assert.equal(
    all.map((list) => list.map(({ shape }) => [...shape])),
    [
      [
        [3, 3, 7, 7],
        [3, 3, 7, 7],
      ],
      [
        [3, 3, 5, 5],
        [3, 3, 5, 5],
      ],
      [
        [3, 3, 5, 7],
        [3, 3, 5, 7],
      ],
    ],
  )
  for (const weights of all.flat())
    for (const sum of await ops.sum(weights, -1).data()) assert.ok(Math.abs(sum - 1) < 1e-6)
})

test('bad inputs are named', async () => {
  using model = await open()
  const { src, tgt } = inputs()
  const bool = (...shape: number[]) => Tensor.zeros(shape, 'bool') as Tensor<'bool'>
  const run = (wrong: object) => model.run({ src, tgt, ...wrong })
  await rejects(run({ src: sequence(2, 7, 1) }), 'SHAPE_MISMATCH', 'batch')
  await rejects(run({ tgt: ops.reshape(tgt, [15, width]) }), 'SHAPE_MISMATCH', 'tgt: expected rank 3')
  await rejects(run({ tgtMask: bool(7, 7) }), 'SHAPE_MISMATCH', 'tgtMask')
  await rejects(run({ memoryMask: bool(7, 5) }), 'SHAPE_MISMATCH', 'memoryMask')
  await rejects(run({ srcKeyPaddingMask: bool(3, 5) }), 'SHAPE_MISMATCH', 'srcKeyPaddingMask')
})

test.run()
