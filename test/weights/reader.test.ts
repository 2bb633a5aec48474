import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Checkpoint, openCheckpoint } from '../../lib/weights/checkpoint.js'
import type { FileDType } from '../../lib/weights/entry.js'
import type { Rename } from '../../lib/weights/names.js'
import { WeightReader } from '../../lib/weights/reader.js'
import { inFolder, rejects, throws, writeSafetensors } from './build.js'

const weight = (name: string, shape: number[] = [2], dtype: FileDType = 'F32') => ({
  ...{ name, dtype, shape },
  data: new Uint8Array(shape.reduce((a, b) => a * b, dtype === 'F32' ? 4 : dtype === 'I64' ? 8 : 2)).fill(
    0x3f,
  ),
})

const layer = [weight('encoder.layer.0.norm.weight'), weight('encoder.layer.0.norm.bias')]

function withReader(
  tensors: ReturnType<typeof weight>[],
  use: (reader: WeightReader, checkpoint: Checkpoint) => Promise<void>,
  rename?: Rename,
): Promise<void> {
  return inFolder(async (dir) => {
    await writeSafetensors(join(dir, 'model.safetensors'), tensors)
    using checkpoint = await openCheckpoint(dir, rename ? { rename } : {})
    await use(new WeightReader(checkpoint), checkpoint)
  })
}

test('hands out weights through nested scopes until none is left', () =>
  withReader([...layer, weight('head.weight', [1, 2])], async (reader) => {
    const norm = reader.scope('encoder').scope('layer').scope(0).scope('norm')
    assert.is(norm.prefix, 'encoder.layer.0.norm.')
    assert.ok(norm.has('weight'))
    assert.equal(norm.shapeOf('weight'), [2])
    assert.is(norm.shapeOf('gain'), undefined)
    assert.is(norm.take('weight', [2]).dtype, 'float32')
    assert.equal(norm.rest(), ['encoder.layer.0.norm.bias'])
    assert.is(norm.maybe('gain', [2]), undefined)
    assert.ok(norm.maybe('bias', [2]))
    assert.equal(reader.rest(), ['head.weight'])
    await throws(() => reader.finish(), 'TENSOR_UNEXPECTED', 'model.safetensors', 'does not use: head.weight')
    await throws(() => norm.finish(), 'TENSOR_UNEXPECTED', 'head.weight')
    reader.take('head.weight', [1, 2])
    reader.take('head.weight', [1, 2]) // tied weights are taken more than once
    reader.finish()
  }))

test('a missing tensor is named with those that look like it', () =>
  withReader([...layer, weight('bert.pooler.dense.weight'), weight('zzz')], async (reader) => {
    const norm = reader.scope('encoder.layer.0')
    const error = await throws(
      () => norm.take('nrom.weight', [3, 4]),
      'TENSOR_MISSING',
      ...['model.safetensors has no tensor encoder.layer.0.nrom.weight of shape [3, 4]'],
      'similar names there: encoder.layer.0.norm.weight',
    )
    assert.not.match(error.message, /zzz/)
    await throws(
      () => reader.take('pooler.dense.weight', [1]),
      'TENSOR_MISSING',
      'there: bert.pooler.dense.weight',
    )
    await throws(
      () => reader.take('vit.bert.pooler.dense.weight', [1]),
      'TENSOR_MISSING',
      'there: bert.pooler',
    )
    const none = await throws(() => reader.take('quite.another.thing', [1]), 'TENSOR_MISSING')
    assert.not.match(none.message, /similar/)
  }))

test('a wrong shape is told with the one that was expected', () =>
  withReader(
    [weight('norm.gamma', [2, 3])],
    async (reader) => {
      for (const shape of [[3, 2], [6], [2, 3, 1], []])
        await throws(
          () => reader.take('norm.weight', shape),
          'SHAPE_MISMATCH',
          ...[
            'model.safetensors: norm.weight (stored as norm.gamma): expected',
            `[${shape.join(', ')}], by the model's config, got [2, 3]`,
          ],
        )
      await throws(() => reader.maybe('norm.weight', [1]), 'SHAPE_MISMATCH')
      assert.equal(reader.rest(), ['norm.weight'])
    },
    (name) => name.replace('gamma', 'weight'),
  ))

test('half precision is widened, and what is no floating point number refused', () =>
  withReader(
    [weight('half', [2], 'F16'), weight('brain', [2], 'BF16'), weight('ids', [1], 'I64')],
    async (reader) => {
      const half = 1 + 0x33f / 1024
      for (const [name, value] of [
        ['half', half * 2 ** (0xf - 15)],
        ['brain', 0.74609375],
      ] as const) {
        const tensor = reader.take(name, [2])
        assert.is(tensor.dtype, 'float32')
        const data = await tensor.data()
        assert.is(data[0], data[1])
        assert.is(data[0], value, name)
      }
      await throws(
        () => reader.take('ids', [1]),
        'DTYPE_MISMATCH',
        'ids: expected F32, F16, BF16, F64, got I64',
      )
    },
  ))

test('what a layout declares ignorable may be left over, and is told with the reason', () =>
  withReader(
    [
      ...layer,
      weight('encoder.mask_token'),
      weight('encoder.position_ids', [1], 'I64'),
      weight('mask_token'),
    ],
    async (reader) => {
      const encoder = reader.scope('encoder')
      encoder.ignore('mask_token', 'only training uses it')
      encoder.ignore(/(^|\.)position_ids$/, 'a table of 0, 1, 2')
      encoder.ignore(/^layer\.\d+\.norm\.bias$/g, 'for the test')
      encoder.take('layer.0.norm.weight', [2])
      assert.equal(reader.rest(), ['mask_token'])
      assert.equal(reader.rest(), ['mask_token'])
      await throws(() => reader.finish(), 'TENSOR_UNEXPECTED', 'not use: mask_token')
      reader.ignore('mask_token', 'another one')
      reader.finish()
      assert.equal(
        reader
          .ignored()
          .map(({ name, reason }) => `${name}: ${reason}`)
          .sort(),
        [
          'encoder.layer.0.norm.bias: for the test',
          'encoder.mask_token: only training uses it',
          'encoder.position_ids: a table of 0, 1, 2',
          'mask_token: another one',
        ],
      )
      encoder.take('mask_token', [2])
      assert.not.ok(reader.ignored().some(({ name }) => name === 'encoder.mask_token'))
    },
  ))

test('a long list of surplus tensors is cut short', () =>
  withReader(
    Array.from({ length: 30 }, (_, index) => weight(`layer.${index}`)),
    async (reader) => {
      const error = await rejects(
        new Promise(() => reader.finish()),
        ...(['TENSOR_UNEXPECTED', 'layer.9 and 20 more'] as const),
      )
      assert.not.match(error.message, /layer\.10/)
    },
  ))

test.run()
