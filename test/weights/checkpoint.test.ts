import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findWeights } from '../../lib/files/find.js'
import { legacyLayerNorm } from '../../lib/models/bert/legacy-names.js'
import * as ops from '../../lib/ops/index.js'
import { getRuntime } from '../../lib/runtime/runtime.js'
import { evaluate } from '../../lib/tensor/evaluate.js'
import { Tensor } from '../../lib/tensor/tensor.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { stateDictUnder } from '../../lib/weights/torch/state-dict.js'
import {
  dataPath,
  dictPickle,
  inFolder,
  op,
  pickleBytes,
  rejects,
  tensorPickle,
  throws,
  torchBytes,
  withFile,
  writeSafetensors,
} from './build.js'

const data = (name: string) => dataPath(`weights/${name}`)
const golden = (name: string) => dataPath(`goldens/${name}`)

const floats = { name: 'a', dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const

test('finds the weights of a folder by the names libraries give them', async () => {
  await inFolder(async (dir) => {
    await rejects(findWeights(dir), 'FILE_NOT_FOUND', dir, 'model.safetensors')
    await rejects(findWeights(join(dir, 'no')), 'FILE_NOT_FOUND', join(dir, 'no'), 'does not exist')
    const wins = async (name: string) => {
      await writeFile(join(dir, name), '')
      assert.is(await findWeights(dir), join(dir, name))
    }
    // Tensors of another kind are not mistaken for weights.
    await writeFile(join(dir, 'io.safetensors'), '')
    await wins('only.pth')
    await writeFile(join(dir, 'other.pt'), '')
    await rejects(findWeights(dir), 'OPTION_INVALID', 'only.pth, other.pt')
    await wins('pytorch_model.bin.index.json')
    await wins('pytorch_model.bin')
    await wins('open_clip_model.safetensors')
    await wins('model.safetensors.index.json')
    await wins('model.safetensors')
    assert.is(await findWeights(join(dir, 'other.pt')), join(dir, 'other.pt'))
    await rejects(openCheckpoint(join(dir, 'other.pt')), 'WEIGHTS_CORRUPT', 'other.pt')
    await writeFile(join(dir, 'weights.h5'), '')
    await rejects(openCheckpoint(join(dir, 'weights.h5')), 'OPTION_INVALID', 'weights.h5', '.safetensors')
  })
})

test('tells names, types and shapes without the data', async () => {
  const checkpoint = await openCheckpoint(golden('vit-half'))
  assert.equal(checkpoint.info('vit.embeddings.cls_token').shape.length, 3)
  assert.ok(checkpoint.names().some((name) => checkpoint.info(name).dtype === 'BF16'))
  assert.not.ok(checkpoint.has('toString'))
  await throws(() => checkpoint.info('no'), 'TENSOR_MISSING', 'vit-half/model.safetensors has no tensor no')
  await throws(() => checkpoint.tensor('no'), 'TENSOR_MISSING')
})

test('renames as it opens, and refuses two tensors of one name', async () => {
  const checkpoint = await openCheckpoint(golden('bert-legacy-names'), { rename: legacyLayerNorm })
  const name = 'bert.embeddings.LayerNorm.weight'
  assert.is(checkpoint.info(name).publishedName, 'bert.embeddings.LayerNorm.gamma')
  assert.not.ok(checkpoint.names().some((name) => /gamma|beta/.test(name)))
  await rejects(
    openCheckpoint(golden('bert-legacy-names'), { rename: () => 'same' }),
    'WEIGHTS_CORRUPT',
    /holds same twice: as .* and as /,
  )
})

test('a selector reaches the PyTorch reader', async () => {
  const select = stateDictUnder([{ key: 'student', only: 'backbone.' }])
  const checkpoint = await openCheckpoint(golden('dino-v1-original/full_checkpoint.pth'), { select })
  assert.ok(checkpoint.has('norm.weight'))
})

test('a golden in three files gives the same tensors', async () => {
  using whole = await openCheckpoint(golden('dino-v1-original'))
  for (const file of ['backbone.pth', 'full_checkpoint.pth']) {
    using other = await openCheckpoint(golden(`dino-v1-original/${file}`))
    for (const name of whole.names()) {
      const [a, b] = [whole.tensor(name), other.tensor(name)]
      assert.equal([b.dtype, b.shape], [a.dtype, a.shape])
      assert.equal(await b.data(), await a.data(), name)
    }
  }
})

test('tensors have the type of the file and its values', async () => {
  const expected = JSON.parse(await readFile(data('expected.json'), 'utf8'))
  for (const file of ['dtypes.pth', 'views.pth', 'legacy-views.pth', 'attributes.pth']) {
    using checkpoint = await openCheckpoint(data(file))
    for (const [name, want] of Object.entries<{ dtype: string; shape: number[]; values: number[] }>(
      expected[file],
    )) {
      if (['int16', 'int8'].includes(want.dtype)) {
        await throws(() => checkpoint.tensor(name), 'DTYPE_MISMATCH', data(file), name)
        continue
      }
      const tensor = checkpoint.tensor(name)
      const dtype = want.dtype === 'float64' ? 'float32' : want.dtype
      assert.equal([tensor.dtype, tensor.shape], [dtype, want.shape])
      if (!want.dtype.includes('float16'))
        assert.equal(Array.from(await tensor.data(), Number), want.values, name)
      assert.is(checkpoint.tensor(name), tensor)
    }
  }
})

test('names of one storage are one tensor', async () => {
  for (const file of ['views.pth', 'legacy-views.pth']) {
    using checkpoint = await openCheckpoint(data(file))
    assert.is(checkpoint.info('whole').offset, checkpoint.info('matrix').offset)
    assert.is.not(checkpoint.tensor('whole'), checkpoint.tensor('matrix'))
  }
  await inFolder(async (dir) => {
    const storage = torchBytes(
      pickleBytes(
        ...[op.proto, op.dict, op.mark, op.text('a'), ...tensorPickle(), op.text('b'), ...tensorPickle()],
        ...[op.setItems, op.stop],
      ),
      { 0: Buffer.alloc(16) },
    )
    await writeFile(join(dir, 'x.pth'), storage)
    using checkpoint = await openCheckpoint(join(dir, 'x.pth'))
    assert.is(checkpoint.tensor('a'), checkpoint.tensor('b'))
  })
})

test('float64 is rounded to float32, and infinite beyond its range, as in PyTorch', async () => {
  const values = [1 + 2 ** -24, 1 + 3 * 2 ** -24, 1e-46, -1e39, 3.4028235677973366e38, Number.NaN]
  await inFolder(async (dir) => {
    const path = join(dir, 'x.safetensors')
    await writeSafetensors(path, [
      { name: 'w', dtype: 'F64', shape: [values.length], data: Float64Array.from(values) },
    ])
    using checkpoint = await openCheckpoint(path)
    const found = Array.from(await checkpoint.tensor('w').data(), String)
    assert.equal(found, [1, 1 + 2 ** -22, 0, '-Infinity', 'Infinity', Number.NaN].map(String))
  })
})

test('weights that need a copy are copied off the event loop, for a program and for data()', async () => {
  const values = Float64Array.from({ length: 6 }, (_, index) => index / 3)
  const rows = Array.from(Float32Array.from(values))
  const columns = [0, 2, 4, 1, 3, 5].map((index) => rows[index]!)
  const strided = tensorPickle({ type: 'DoubleStorage', length: 6, shape: [2, 3], strides: [1, 2] })
  await withFile(
    'x.pth',
    torchBytes(dictPickle('w', ...strided), { 0: new Uint8Array(values.buffer) }),
    async (path) => {
      using checkpoint = await openCheckpoint(path)
      const before = getRuntime().native.info().memory.buffers
      const tensor = checkpoint.tensor('w') as Tensor<'float32', [2, 3]>
      assert.is(getRuntime().native.info().memory.buffers, before)
      let turned = false
      setImmediate(() => {
        turned = true
      })
      assert.equal(Array.from(await tensor.data()), columns)
      assert.ok(turned)
      assert.equal(tensor.toJSON().data, columns)
      assert.equal(Array.from(await ops.add(tensor, 0).data()), columns)
      // Folded: the product packs the copy.
      const identity = Tensor.from([1, 0, 0, 1], [2, 2])
      assert.equal(Array.from(await ops.matmul(identity, tensor).data()), columns)
    },
  )
})

test('data that no type is aligned to', async () => {
  await inFolder(async (dir) => {
    const header = JSON.stringify({
      pad: { dtype: 'U8', shape: [3], data_offsets: [0, 3] },
      a: { dtype: 'F32', shape: [6], data_offsets: [3, 27] },
    })
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(header.length))
    const bytes = [length, Buffer.from(header), Buffer.from([1, 2, 3]), Buffer.from(floats.data.buffer)]
    await writeFile(join(dir, 'x.safetensors'), Buffer.concat(bytes))
    using checkpoint = await openCheckpoint(join(dir, 'x.safetensors'))
    assert.equal(await checkpoint.tensor('a').data(), floats.data)
    assert.equal(await checkpoint.tensor('pad').data(), Uint8Array.of(1, 2, 3))
    // Programs use a copy; products pack it.
    const row = ops.reshape(checkpoint.tensor('a') as Tensor<'float32'>, [1, 6])
    const [double, product] = [ops.add(row, row), ops.matmul(row, ops.transpose(row))]
    await evaluate([double, product])
    assert.equal(Array.from(await double.data()), [2, 4, 6, 8, 10, 12])
    assert.equal(Array.from(await product.data()), [91])
  })
})

test('a disposed checkpoint gives nothing more, and what it gave is gone', async () => {
  await inFolder(async (dir) => {
    const path = join(dir, 'x.safetensors')
    await writeSafetensors(path, [floats, { ...floats, name: 'b' }])
    const checkpoint = await openCheckpoint(path)
    const a = checkpoint.tensor('a')
    assert.equal(await a.data(), floats.data)
    checkpoint.dispose()
    checkpoint.dispose()
    await throws(() => checkpoint.tensor('a'), 'DISPOSED', path)
    await rejects(a.data(), 'DISPOSED')
    assert.equal(checkpoint.names(), ['a', 'b'])
  })
})

test('a file that shrinks after it was opened', async () => {
  await inFolder(async (dir) => {
    const path = join(dir, 'model.safetensors')
    await writeSafetensors(path, [floats])
    using checkpoint = await openCheckpoint(dir)
    await truncate(path, 80)
    await throws(() => checkpoint.tensor('a'), 'WEIGHTS_CORRUPT', path, 'changed while it was in use')
  })
})

test('a file that is removed after it was opened', async () => {
  await inFolder(async (dir) => {
    const path = join(dir, 'model.safetensors')
    await writeSafetensors(path, [floats])
    using checkpoint = await openCheckpoint(dir)
    await rm(path)
    assert.equal(await checkpoint.tensor('a').data(), floats.data)
  })
})

test('a tensor of stride 0 that no memory could hold', async () => {
  const huge = dictPickle('w', ...tensorPickle({ shape: [2 ** 30, 2 ** 20], strides: [0, 0] }))
  await withFile('x.pth', torchBytes(huge, { 0: new Uint8Array(16) }), async (path) => {
    using checkpoint = await openCheckpoint(path)
    const tensor = checkpoint.tensor('w')
    await rejects(tensor.data(), 'OUT_OF_MEMORY', 'larger than any memory')
    await rejects(ops.add(tensor as Tensor<'float32'>, 1).data(), 'OUT_OF_MEMORY')
    await throws(() => tensor.toJSON(), 'OUT_OF_MEMORY')
  })
})

test.run()
