// Values of another realm, as test runners with vm contexts make them: their classes are not those of this realm.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cos_sim, decodeImage, load, ops, pipeline, RawImage, Tensor, type Vit } from '../lib/index.js'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const digits = path('../models/digits-vit')
const digit = `${digits}/samples/07-digit-7.png`

/** Evaluates an expression in another realm. */
const context = createContext({ bytes: [...readFileSync(digit)] })
const foreign = (expression: string) => runInContext(`(${expression})`, context)

test('the values are foreign', () => {
  assert.not.instance(foreign('new Float32Array(1)'), Float32Array)
  assert.not.instance(foreign('new ArrayBuffer(1)'), ArrayBuffer)
  assert.not.instance(foreign('[]'), Array)
})

test('tensors from typed arrays, lists and shapes', async () => {
  const kinds = [
    ['new Float32Array([1, 2])', 'float32'],
    ['new Int32Array([1, 2])', 'int32'],
    ['new BigInt64Array([1n, 2n])', 'int64'],
    ['new Uint8Array([1, 2])', 'uint8'],
    ['new Uint8ClampedArray([1, 2])', 'uint8'],
    ['[1, 2]', 'float32'],
  ] as const
  for (const [expression, dtype] of kinds) {
    const x = Tensor.from(foreign(expression), foreign('[2, 1]'))
    assert.is(x.dtype, dtype, expression)
    assert.equal(Array.from(await x.data(), Number), [1, 2], expression)
  }
  assert.is(Tensor.from(foreign('new Uint16Array(2)'), [2], 'float16').dtype, 'float16')
  const x = Tensor.from([1, 2, 3, 4], [2, 2])
  assert.equal(await ops.sum(x, foreign('[0, 1]'), foreign('{ keepDims: true }')).toArray(), [[10]])
  assert.equal(await ops.concat(Object.assign(foreign('[]'), [x, x])).shape, [4, 2])
  assert.ok(Math.abs(cos_sim(foreign('new Float32Array([1, 2])'), foreign('[2, 4]')) - 1) < 1e-6)
})

test('images from bytes and pixels', async () => {
  const expected = await decodeImage(digit)
  for (const expression of [
    'new Uint8Array(bytes)',
    'new Uint8Array(bytes).buffer',
    'new Uint8ClampedArray(bytes)',
  ]) {
    const { data } = await decodeImage(foreign(expression))
    assert.equal(Buffer.from(data), Buffer.from(expected.data), expression)
  }
  assert.is(new RawImage(foreign('new Uint8ClampedArray(12)'), 2, 2, 3).data.length, 12)
})

test('options and inputs of models and pipelines', async () => {
  const classify = await pipeline('image-classification', digits, foreign('{ threads: 1 }'))
  const [best] = await classify(foreign('new Uint8Array(bytes)'), foreign('{ top_k: 1 }'))
  assert.is(best!.label, '7')
  const list = await classify(foreign('[new Uint8Array(bytes), new Uint8Array(bytes)]'))
  assert.is(list.length, 2)
  const vit = await load<Vit>(digits)
  const inputs = Object.assign(foreign('({})'), { pixelValues: Tensor.full([1, 3, 32, 32], 0.5) })
  const { logits } = await vit.run(inputs, foreign('{ attentions: { layers: [-1] } }'))
  assert.equal(logits!.shape, [1, 10])
})

test.run()
