import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  type AnyModel,
  decodeImage,
  evaluate,
  type GenerativeModel,
  ImageProcessor,
  load,
  loadTokenizer,
  type Marian,
  ops,
  pipeline,
  SaccadeError,
  Tensor,
  type Vit,
} from '../lib/index.js'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const digits = path('../models/digits-vit')
const numbers = path('../models/numbers-en-ru')
const bert = path('data/goldens/bert-model')
const gpt2 = path('data/goldens/gpt2-lm')
const digit = `${digits}/samples/07-digit-7.png`

const classify = await pipeline('image-classification', digits)
const imageFeatures = await pipeline('image-feature-extraction', digits)
const extract = await pipeline('feature-extraction', bert)
const translate = await pipeline('translation', numbers)
const vit = await load<Vit>(digits)
const marian = await load<Marian>(numbers)
const clm = (await load(gpt2)) as AnyModel & GenerativeModel<{ inputIds: Tensor<'int64'> }>
const image = await decodeImage(digit)
const pixelValues = await classify.processor.process(digit)
await pixelValues.data()
const inputIds = Tensor.from([5n, 6n, 7n], [1, 3])
const computed = ops.exp(Tensor.from([1, 2]))
await computed.data()

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list = []
  for await (const item of items) list.push(item)
  return list
}

type Call = (signal: AbortSignal) => Promise<unknown>

/** Every public function that takes a signal. */
const calls: Record<string, Call> = {
  load: async (signal) => (await load(digits, { signal })).dispose(),
  'load of a shared checkpoint': async (signal) => (await load(bert, { signal })).dispose(),
  loadTokenizer: (signal) => loadTokenizer(numbers, { signal }),
  'ImageProcessor.load': (signal) => ImageProcessor.load(digits, { signal }),
  pipeline: async (signal) => (await pipeline('translation', numbers, { signal })).dispose(),
  'image-classification': (signal) => classify(digit, { signal }),
  'image-classification of pixels': (signal) => classify([image, image], { signal }),
  'image-feature-extraction': (signal) => imageFeatures(digit, { signal }),
  'feature-extraction': (signal) => extract(['a dog', 'a cat'], { signal, pooling: 'mean' }),
  translation: (signal) => translate(['forty-two', 'one'], { signal }),
  'translation with beams': (signal) => translate('forty-two', { signal, num_beams: 3 }),
  'translation.stream': (signal) => all(translate.stream('forty-two', { signal })),
  generate: (signal) => clm.generate({ inputIds }, { signal, maxNewTokens: 5 }),
  stream: (signal) => all(clm.stream({ inputIds }, { signal, maxNewTokens: 5 })),
  'Vit.run': (signal) => vit.run({ pixelValues }, { signal }),
  'Marian.encode': (signal) => marian.encode({ inputIds }, { signal }),
  'Gpt2.run': (signal) => clm.run({ inputIds }, { signal }),
  decodeImage: (signal) => decodeImage(digit, { signal }),
  'decodeImage of bytes': (signal) => decodeImage(readFileSync(digit), { signal }),
  'decodeImage of a URL': (signal) =>
    decodeImage(`data:image/png;base64,${readFileSync(digit).toString('base64')}`, { signal }),
  'decodeImage of pixels': (signal) => decodeImage(image, { signal }),
  'ImageProcessor.process': (signal) => classify.processor.process(digit, { signal }),
  evaluate: (signal) => evaluate([ops.exp(Tensor.from([1, 2]))], { signal }),
  data: (signal) => ops.exp(Tensor.from([1, 2])).data({ signal }),
  'data of a computed tensor': (signal) => computed.data({ signal }),
  toArray: (signal) => ops.exp(Tensor.from([1, 2])).toArray({ signal }),
  item: (signal) => ops.sum(Tensor.from([1, 2])).item({ signal }),
}

/** Calls that have nothing to wait for. */
const immediate = ['decodeImage of pixels', 'data of a computed tensor']

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))

const text = 'the call was aborted by its signal'

function assertAborted(error: unknown, reason: unknown, what: string): void {
  assert.instance(error, SaccadeError, `${what}: ${String(error)}`)
  const { code, message, cause } = error as SaccadeError
  assert.is(code, 'ABORTED', `${what}: ${message}`)
  assert.is(message, text, what)
  assert.is(cause, reason, what)
}

const errorOf = async (call: () => Promise<unknown>) =>
  call().then(
    () => undefined,
    (error: unknown) => error,
  )

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: a signal that has fired rejects`, async () => {
    for (const reason of [new Error('enough'), 'a string', undefined]) {
      const signal = AbortSignal.abort(reason)
      assertAborted(await errorOf(() => call(signal)), signal.reason, name)
    }
  })

  if (!immediate.includes(name))
    test(`${name}: a signal that fires at any time rejects or is too late, and the next call works`, async () => {
      await call(new AbortController().signal)
      let aborted = 0
      for (const delay of [0, 0, 1, 2, 3, 5, 10, 20, 50, 100, 200, -1, -1, -2]) {
        const controller = new AbortController()
        const reason = { delay }
        const result = errorOf(() => call(controller.signal))
        // In microtasks, then in turns of the event loop.
        if (delay >= 0) for (let turn = 0; turn < delay; turn++) await undefined
        else for (let turn = 0; turn > delay; turn--) await new Promise(setImmediate)
        controller.abort(reason)
        const error = await result
        if (error === undefined) continue
        assertAborted(error, reason, `${name}, ${delay}`)
        aborted++
      }
      assert.ok(aborted > 0)
      await call(new AbortController().signal)
    })
}

test('a value that is not a signal is an error', async () => {
  const wrong = [
    5,
    null,
    'abort',
    {},
    { aborted: false },
    new AbortController(),
    new Proxy({}, { get: raise }),
  ]
  for (const [name, call] of Object.entries(calls))
    for (const signal of wrong) {
      const error = await errorOf(() => call(signal as AbortSignal))
      assert.instance(error, SaccadeError, `${name}: ${String(error)}`)
      assert.is((error as SaccadeError).code, 'OPTION_INVALID', `${name}: ${(error as Error).message}`)
    }
})

function raise(): never {
  throw new Error('raised')
}

/** A signal that is not a Node AbortSignal, as polyfills and other realms make, and that counts its listeners. */
class ForeignSignal {
  aborted = false
  reason: unknown
  readonly listeners = new Set<() => void>()
  addEventListener(_: string, listener: () => void): void {
    this.listeners.add(listener)
  }
  removeEventListener(_: string, listener: () => void): void {
    this.listeners.delete(listener)
  }
  abort(reason: unknown): void {
    this.aborted = true
    this.reason = reason
    for (const listener of [...this.listeners]) listener()
  }
}

test('signals of polyfills work, and no call leaves a listener', async () => {
  for (const [name, call] of Object.entries(calls)) {
    const signal = new ForeignSignal()
    await call(signal as unknown as AbortSignal)
    assert.is(signal.listeners.size, 0, name)
    if (immediate.includes(name)) continue
    const result = errorOf(() => call(signal as unknown as AbortSignal))
    signal.abort('foreign')
    assertAborted(await result, 'foreign', name)
    await new Promise(setImmediate)
    assert.is(signal.listeners.size, 0, name)
  }
})

test('AbortSignal.timeout and AbortSignal.any', async () => {
  const long = () => {
    const heads = ops.cos(Tensor.full([1, 8, 4096, 64], 0.5))
    return ops.attention(heads, heads, heads)
  }
  const timeout = AbortSignal.timeout(20)
  assertAborted(await errorOf(() => long().data({ signal: timeout })), timeout.reason, 'timeout')
  assert.is((timeout.reason as Error).name, 'TimeoutError')
  const controller = new AbortController()
  const any = AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)])
  setTimeout(() => controller.abort('one of two'), 20)
  assertAborted(await errorOf(() => long().data({ signal: any })), 'one of two', 'any')
})

test('an abort between the steps of a stream rejects at the next one', async () => {
  const controller = new AbortController()
  const steps = clm.stream({ inputIds }, { signal: controller.signal, maxNewTokens: 5 })
  await steps.next()
  await steps.next()
  controller.abort('between')
  assertAborted(await errorOf(() => steps.next()), 'between', 'stream')
  assert.is((await steps.next()).done, true)
})

test('one signal for thousands of calls at once and after each other', async () => {
  const { signal } = new AbortController()
  for (let round = 0; round < 20; round++)
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => ops.add(Tensor.from([index]), 1).data({ signal })),
    )
  await Promise.all(Array.from({ length: 50 }, () => classify(image, { signal })))
})

test('nothing was left unhandled, and no warning was given', async () => {
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(unhandled, [])
  assert.equal(
    warnings.filter(({ name }) => name === 'MaxListenersExceededWarning').map(({ message }) => message),
    [],
  )
})

test.run()
