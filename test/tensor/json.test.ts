import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, ops, Tensor, type Vit } from '../../lib/index.js'
import { rejects } from '../support/errors.js'

const digits = fileURLToPath(new URL('../../models/digits-vit', import.meta.url))

test('a computed tensor is written as data type, shape and elements', async () => {
  const x = ops.add(Tensor.from([1, 2, 3, 4], [2, 2]), 0.5)
  await x.data()
  assert.is(JSON.stringify({ x }), '{"x":{"dtype":"float32","shape":[2,2],"data":[1.5,2.5,3.5,4.5]}}')
  assert.is(JSON.stringify(Tensor.from([true, false])), '{"dtype":"bool","shape":[2],"data":[true,false]}')
  assert.is(JSON.stringify(Tensor.from([5n])), '{"dtype":"int64","shape":[1],"data":[5]}')
  const half = ops.cast(Tensor.from([0.5, Number.NaN]), 'float16')
  await half.data()
  assert.is(JSON.stringify(half), '{"dtype":"float16","shape":[2],"data":[0.5,null]}')
})

test('tensors without elements say what to do', async () => {
  const lazy = ops.exp(Tensor.from([1]))
  await rejects(() => JSON.stringify(lazy), 'INPUT_INVALID', /toJSON: .*await data\(\).* got float32\[1\]/)
  const gone = Tensor.from([1])
  gone.dispose()
  await rejects(() => JSON.stringify(gone), 'DISPOSED', /float32\[1\]/)
})

test('models are short in consoles and in JSON', async () => {
  const vit = await load<Vit>(digits)
  assert.is(inspect(vit), 'Vit (transformers ViTForImageClassification, cpu, float32)')
  assert.equal(JSON.parse(JSON.stringify({ vit })).vit.layout, 'transformers ViTForImageClassification')
  assert.ok(JSON.stringify(vit).length < 500)
  vit.dispose()
  assert.match(inspect(vit), /, disposed\)$/)
  const lazy = ops.exp(Tensor.full([10], 1))
  assert.ok(inspect({ lazy, list: [lazy] }).length < 200)
})

test.run()
