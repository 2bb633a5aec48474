// Calls every public function with values of wrong kinds in each position. Whatever the arguments, a call returns a result
// or throws a SaccadeError that is not INTERNAL; the seed makes failures repeatable.
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import * as saccade from '../lib/index.js'
import { attention, decodeImage, load, ops, pipeline, RawImage, SaccadeError, Tensor } from '../lib/index.js'
import { Random } from './ops/reference.js'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const models = path('../models')
const goldens = path('data/goldens')

const classify = await pipeline('image-classification', `${models}/digits-vit`)
const imageFeatures = await pipeline('image-feature-extraction', `${models}/digits-convnext`)
const zeroShot = await pipeline('zero-shot-image-classification', `${models}/shapes-clip`)
const embedder = await saccade.loadEmbedder(`${models}/shapes-clip`)
const extract = await pipeline('feature-extraction', `${goldens}/bert-model`)
const translate = await pipeline('translation', `${models}/numbers-en-ru`)
const generate = await pipeline('text-generation', `${goldens}/gpt2-lm`).catch(() => undefined)
const loaded = {
  vit: await load<saccade.Vit>(`${models}/digits-vit`),
  convnext: await load<saccade.ConvNext>(`${models}/digits-convnext`),
  bert: await load<saccade.Bert>(`${goldens}/bert-model`),
  clip: await load<saccade.Clip>(`${models}/shapes-clip`),
  marian: await load<saccade.Marian>(`${models}/numbers-en-ru`),
  gpt2: await load<saccade.Gpt2>(`${goldens}/gpt2-lm`),
  transformer: await load<saccade.Transformer>(`${goldens}/torch-transformer-post`),
}
const digit = `${models}/digits-vit/samples/07-digit-7.png`
const image = await decodeImage(digit)

const disposed = Tensor.from([1, 2, 3, 4], [2, 2])
disposed.dispose()
const pixels = Tensor.full([1, 3, 32, 32], 0.5)
const ids = Tensor.from([5n, 6n, 7n], [1, 3])
const matrix = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3])
const square = Tensor.from([1, 2, 3, 4], [2, 2])
const images = Tensor.full([1, 4, 4, 2], 1)
const heads = Tensor.full([1, 2, 3, 4], 1)

function raise(): never {
  throw new Error('raised by the caller')
}
const revoked = Proxy.revocable({}, {})
revoked.revoke()
const traps = {
  get: raise,
  has: raise,
  ownKeys: raise,
  getPrototypeOf: raise,
  getOwnPropertyDescriptor: raise,
}
const throwing = {
  get signal() {
    return raise()
  },
  get axis() {
    return raise()
  },
  get inputIds() {
    return raise()
  },
  get pixelValues() {
    return raise()
  },
}

/** Values of every kind; few of them fit a position. */
const values: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    false,
    0,
    1,
    2,
    3,
    -1,
    -0,
    0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e308,
    2 ** 53,
    2 ** 31,
  ],
  ...[
    '',
    'a',
    'constructor',
    '__proto__',
    '\u0000',
    'x'.repeat(500),
    'mean',
    'float32',
    'int64',
    'bool',
    'bilinear',
    'same',
  ],
  ...[1n, 2n ** 70n, Symbol('s'), () => {}, raise, class {}, async () => 1],
  ...[
    [],
    [[]],
    [1],
    [0, 1],
    [2, 2],
    [2, 3],
    [1, 2, 3],
    [-1],
    [1.5],
    [Number.NaN],
    ['a'],
    [null],
    [undefined],
    new Array(3),
    [
      [1, 2],
      [3, 4],
    ],
  ],
  ...[
    [matrix],
    [matrix, 1],
    [matrix, matrix],
    [matrix, ids],
    [2 ** 31, 2 ** 31],
    [Symbol('s')],
    [1n],
    new Array(2 ** 32 - 1),
  ],
  ...[
    {},
    { length: 3 },
    { length: -1 },
    Object.create(null),
    new Map(),
    new Date(0),
    /r/,
    new Error('e'),
    Promise.resolve(1),
  ],
  ...[
    throwing,
    new Proxy({}, traps),
    new Proxy([], traps),
    revoked.proxy,
    new Proxy(matrix, {}),
    new Proxy([1, 2], {}),
    { toString: raise, valueOf: raise, [Symbol.toPrimitive]: raise },
  ],
  ...[
    new Uint8Array(4),
    new Float32Array(4),
    new BigInt64Array(2),
    new Uint16Array(2),
    new DataView(new ArrayBuffer(4)),
    new ArrayBuffer(4),
    new SharedArrayBuffer(4),
    Buffer.from('abc'),
  ],
  ...[
    matrix,
    square,
    ids,
    images,
    heads,
    pixels,
    disposed,
    Tensor.full([], 1),
    Tensor.full([0], 1),
    Tensor.full([2, 2], true, 'bool'),
    Tensor.full([2, 3], 2, 'int32'),
    Tensor.full([4, 4, 3], 7, 'uint8'),
    Tensor.full([2 ** 20, 2 ** 20], 1),
  ],
  ...[image, new URL('file:///nowhere'), new Blob(['abc']), AbortSignal.abort('a'), new AbortController()],
  ...[
    { axis: 0 },
    { axis: 0, start: 'a' },
    { keepDims: 1 },
    { kernel: 2 },
    { kernel: [2] },
    { mode: 'nearest' },
    { rows: 5 },
    { mask: 1 },
    { signal: 1 },
    { dtype: Symbol('s') },
    { session: 1 },
    { device: {} },
  ],
  ...[
    { pixelValues: pixels },
    { inputIds: ids },
    { inputIds: ids, decoderInputIds: ids },
    { inputIds: 5 },
    { pixelValues: null },
    { src: heads, tgt: heads },
    { num_beams: 'a' },
    { max_new_tokens: 2 },
    { maxNewTokens: 2 },
    { top_k: {} },
  ],
]

type Function_ = (...args: unknown[]) => unknown

/** Reasonable arguments, of which the test replaces one or more. */
interface Target {
  readonly name: string
  readonly call: Function_
  readonly args: readonly unknown[]
}

const own = (name: string, call: unknown, ...args: unknown[]): Target => ({
  name,
  call: call as Function_,
  args,
})
const method = (name: string, of: object, key: string, ...args: unknown[]): Target =>
  own(
    `${name}.${key}`,
    (...given: unknown[]) => (Reflect.get(of, key) as Function_).apply(of, given),
    ...args,
  )
const made = (name: string, type: unknown, ...args: unknown[]): Target =>
  own(`new ${name}`, (...given: unknown[]) => Reflect.construct(type as new () => object, given), ...args)

/** Arguments of ops that take something other than one float32 matrix. */
const opArguments: Readonly<Record<string, readonly unknown[]>> = {
  attention: [heads, heads, heads, {}],
  attentionWeights: [heads, heads, { rows: { start: 0, end: 1 } }],
  conv2d: [images, Tensor.full([2, 2, 3, 3], 1), Tensor.full([2], 1), { padding: 1 }],
  maxPool2d: [images, { kernel: 2 }],
  avgPool2d: [images, { kernel: 2 }],
  gather: [matrix, Tensor.from([0n, 2n]), 1],
  update: [heads, heads, Tensor.from([0], [1], 'int32')],
  concat: [[matrix, matrix], 0],
  stack: [[matrix, matrix], 0],
  linear: [matrix, Tensor.full([4, 3], 1), Tensor.full([4], 1)],
  matmul: [square, matrix],
  layerNorm: [matrix, Tensor.full([3], 1), Tensor.full([3], 1), 1e-5],
  rmsNorm: [matrix, Tensor.full([3], 1), 1e-5],
  groupNorm: [images, 1, Tensor.full([2], 1), Tensor.full([2], 1), 1e-5],
  topK: [matrix, 2],
  resample: [Tensor.full([4, 4, 3], 7, 'uint8'), 0, 3, 'bilinear'],
  resize: [matrix, 0, 4, { mode: 'bilinear' }],
  reshape: [matrix, [3, 2]],
  permute: [matrix, [1, 0]],
  transpose: [matrix, 0, 1],
  expand: [Tensor.full([1, 3], 1), [2, 3]],
  squeeze: [Tensor.full([1, 3], 1), 0],
  unsqueeze: [matrix, 0],
  slice: [matrix, { axis: 0, start: 0, end: 1 }],
  select: [matrix, 0, 0],
  split: [matrix, [1, 2], 1],
  pad: [
    matrix,
    [
      [1, 1],
      [0, 0],
    ],
    0,
  ],
  cast: [matrix, 'int32'],
  where: [Tensor.full([2, 2], true, 'bool'), square, square],
  logicalNot: [Tensor.full([2, 2], true, 'bool')],
  logicalAnd: [Tensor.full([2, 2], true, 'bool'), Tensor.full([2, 2], true, 'bool')],
  logicalOr: [Tensor.full([2, 2], true, 'bool'), Tensor.full([2, 2], true, 'bool')],
  sum: [matrix, [0], { keepDims: true }],
  ...Object.fromEntries(
    ['max', 'min', 'mean', 'argmax', 'argmin'].map((name) => [name, [matrix, 0, { keepDims: true }]]),
  ),
  leakyRelu: [matrix, 0.1],
  elu: [matrix, 1],
  logSoftmax: [matrix, 0],
  softmax: [matrix, 0],
  gelu: [matrix, { approximate: 'tanh' }],
}

/** update() consumes its cache, so each call has a new one. */
const update: Function_ = (cache, ...rest) =>
  (ops.update as Function_)(
    cache === heads ? Tensor.from(new Float32Array(24), [1, 2, 3, 4]) : cache,
    ...rest,
  )

const functionsOf = (names: object) =>
  Object.entries(names).filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))

const wide = Tensor.full([1, 2, 24], 1)
const sequence = Tensor.full([1, 2, 4], 1)
const attentionArguments: Readonly<Record<string, readonly unknown[]>> = {
  applyMask: [square, Tensor.full([2, 2], true, 'bool')],
  attend: [square, square, square, { retrieval: 'soft' }],
  heatMap: [matrix, { low: 0 }],
  causalMask: [3, 3],
  windowMask: [3, 3, 1],
  paddingMask: [[1, 2], 3],
  multiHead: [sequence, sequence, sequence, 2, {}],
  learnedPositions: [matrix, 2],
  sinusoidalPositions: [3, 4, 'halves'],
  scaledDotProduct: [square, square, 1],
  general: [square, square, square],
  additive: [square, square, Tensor.full([2], 1), Tensor.full([2], 1)],
  additiveTanh: [square, square, { query: square, key: square, output: Tensor.full([2], 1) }],
}

const output = await extract('a')
const targets: readonly Target[] = [
  ...functionsOf(ops).map(([name, call]) =>
    own(`ops.${name}`, name === 'update' ? update : call, ...(opArguments[name] ?? [matrix, matrix])),
  ),
  ...functionsOf(attention).map(([name, call]) =>
    own(`attention.${name}`, call, ...(attentionArguments[name] ?? [square, square])),
  ),
  own('Tensor.from', Tensor.from, [1, 2], [2], 'float32'),
  own('Tensor.full', Tensor.full, [2], 1, 'float32'),
  own('Tensor.zeros', Tensor.zeros, [2], 'float32'),
  own('Tensor.ones', Tensor.ones, [2], 'float32'),
  ...['data', 'toArray', 'item', 'dispose', 'toString', 'describe'].map((key) =>
    own(
      `Tensor.${key}`,
      (...args: unknown[]) => {
        const tensor = ops.exp(Tensor.full([1], 1))
        return (Reflect.get(tensor, key) as Function_).apply(tensor, args)
      },
      {},
    ),
  ),
  own('evaluate', saccade.evaluate, [matrix], {}),
  own('load', saccade.load, `${goldens}/bert-model`, {}),
  own('pipeline', pipeline, 'feature-extraction', `${goldens}/bert-model`, {}),
  own('decodeImage', decodeImage, digit, {}),
  own('RawImage.read', RawImage.read, digit, {}),
  own('cos_sim', saccade.cos_sim, [1, 2], [1, 2]),
  own('setLimits', saccade.setLimits, {}),
  own('getLimits', saccade.getLimits),
  own('classify', classify, digit, { top_k: 1 }),
  own('imageFeatures', imageFeatures, digit, { pool: true }),
  own('zeroShot', zeroShot, digit, ['a', 'b'], { hypothesis_template: '{}' }),
  own('embedder.texts', embedder.texts.bind(embedder), 'a', {}),
  own('embedder.images', embedder.images.bind(embedder), digit, {}),
  own('search', saccade.search, matrix, matrix, { top_k: 1 }),
  own('extract', extract, 'a', { pooling: 'mean' }),
  own('translate', translate, 'one', { max_new_tokens: 2 }),
  own(
    'translate.stream',
    (...args: unknown[]) => first(Reflect.apply(translate.stream, translate, args)),
    'one',
    {},
  ),
  ...(generate ? [own('generate', generate, 'a', { max_new_tokens: 2 })] : []),
  method('processor', classify.processor, 'process', digit, {}),
  method('vit', loaded.vit, 'run', { pixelValues: pixels }, {}),
  method('convnext', loaded.convnext, 'run', { pixelValues: pixels }, {}),
  method('bert', loaded.bert, 'run', { inputIds: ids }, {}),
  method('clip', loaded.clip, 'run', { inputIds: ids }, {}),
  method('marian', loaded.marian, 'run', { inputIds: ids, decoderInputIds: ids }, {}),
  method('marian', loaded.marian, 'encode', { inputIds: ids }, {}),
  method('marian', loaded.marian, 'generate', { inputIds: ids }, { maxNewTokens: 2 }),
  method('gpt2', loaded.gpt2, 'run', { inputIds: ids }, {}),
  method('gpt2', loaded.gpt2, 'generate', { inputIds: ids }, { maxNewTokens: 2 }),
  own(
    'gpt2.stream',
    (...args: unknown[]) => first(Reflect.apply(loaded.gpt2.stream, loaded.gpt2, args)),
    { inputIds: ids },
    {},
  ),
  method('transformer', loaded.transformer, 'run', { src: wide, tgt: wide }, {}),
  method('output', output, 'slice', 0),
  method('output', output, 'tolist'),
  made('Tensor', Tensor, matrix.node),
  made('RawImage', RawImage, new Uint8Array(12), 2, 2, 3),
  made('TensorOutput', saccade.TensorOutput, 'float32', new Float32Array(4), [2, 2]),
  made('TextStreamer', saccade.TextStreamer, translate.tokenizer, {}),
  made('ImageProcessor', saccade.ImageProcessor, {}),
  ...['Vit', 'ConvNext', 'Bert', 'Clip', 'Marian', 'Gpt2', 'Transformer'].map((name) =>
    made(name, Reflect.get(saccade, name), undefined),
  ),
]

async function first(items: AsyncGenerator<unknown>): Promise<unknown> {
  const { value } = await items.next()
  await items.return(undefined)
  return value
}

/** Awaits the result, and computes it if it is a tensor that fits into memory or passes every limit. */
async function settle(result: unknown): Promise<void> {
  const value = await result
  if (value instanceof Tensor && !(value.size > 1e6 && value.size < 2 ** 36)) await value.data()
  else if (typeof value === 'object' && value !== null && 'dispose' in value && !(value instanceof Tensor))
    await Reflect.apply(value.dispose as Function_, value, [])
  else if (typeof value === 'function' && 'task' in value)
    await Reflect.apply(Reflect.get(value, 'dispose'), value, [])
}

function shown(value: unknown): string {
  try {
    return inspect(value, { depth: 0, maxStringLength: 20, maxArrayLength: 4 }).split('\n')[0]!
  } catch {
    return 'a value that cannot be shown'
  }
}

const seconds = 5

/** The fault of a call, in words; undefined if it returned a result or threw as promised. */
async function faultOf({ name, call }: Target, args: readonly unknown[]): Promise<string | undefined> {
  const text = () => `${name}(${args.map(shown).join(', ')})`
  const start = performance.now()
  try {
    await settle(call(...args))
  } catch (error) {
    if (!(error instanceof SaccadeError))
      return `${text()}: ${String(Reflect.get(Object(error), 'stack'))
        .split('\n')
        .slice(0, 4)
        .join(' | ')}`
    if (error.code === 'INTERNAL') return `${text()}: INTERNAL ${error.message}`
    if (error.message.length > 1000) return `${text()}: a message of ${error.message.length} characters`
  }
  const took = performance.now() - start
  return took > seconds * 1000 ? `${text()}: ${took} ms` : undefined
}

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))

test('arguments that fit work', async () => {
  const errors: string[] = []
  for (const { name, call, args } of targets) {
    try {
      await settle(call(...args))
    } catch (error) {
      if (!name.startsWith('new ')) errors.push(`${name}: ${String(error)}`)
    }
  }
  assert.equal(errors, [])
})

test('arguments of other kinds, one or two at once', async () => {
  const random = new Random(20261129)
  const faults: string[] = []
  const valuesPerPlace = 40
  for (const target of targets)
    for (let place = 0; place <= target.args.length; place++)
      for (let count = 0; count < valuesPerPlace; count++) {
        const args = [...target.args]
        args[place] = random.pick(values)
        if (random.below(4) === 0) args[random.below(args.length)] = random.pick(values)
        const fault = await faultOf(target, args)
        if (fault) faults.push(fault)
      }
  assert.is(faults.length, 0, `${faults.length} faults:\n${faults.slice(0, 60).join('\n')}`)
})

test('nothing was left unhandled', async () => {
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(unhandled, [])
})

test.run()
