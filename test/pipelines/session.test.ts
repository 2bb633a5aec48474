// What a pipeline does after its model has run, too, runs on the pipeline's threads and hears its signal.
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline } from '../../lib/index.js'
import { Model } from '../../lib/models/model.js'
import { rejects } from '../support/errors.js'
import { observedRuns } from '../support/observed.js'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const bert = fileURLToPath(new URL('../data/goldens/bert-model', import.meta.url))
const digit = `${models}/digits-vit/samples/07-digit-7.png`

interface Loaded {
  run(...args: readonly unknown[]): Promise<unknown>
}

/** Calls back when the model has run, before the pipeline goes on. */
function afterRun(model: unknown, call: () => void): void {
  assert.instance(model, Model)
  const loaded = model as Loaded
  const run = loaded.run.bind(loaded)
  loaded.run = async (...args) => {
    const result = await run(...args)
    call()
    return result
  }
}

const options = { threads: 3, dtype: 'bf16' } as const

const calls: Record<
  string,
  () => Promise<{ model: unknown; call: (signal?: AbortSignal) => Promise<unknown> }>
> = {
  'image-classification': async () => {
    const classify = await pipeline('image-classification', `${models}/digits-vit`, options)
    return { model: classify.model, call: (signal) => classify(digit, { signal }) }
  },
  'image-feature-extraction': async () => {
    const extract = await pipeline('image-feature-extraction', `${models}/digits-convnext`, options)
    return { model: extract.model, call: (signal) => extract(digit, { signal, pool: true }) }
  },
  'feature-extraction': async () => {
    const extract = await pipeline('feature-extraction', bert, options)
    return {
      model: extract.model,
      call: (signal) => extract(['a small red circle', 'every train'], { signal, pooling: 'mean' }),
    }
  },
}

for (const [task, open] of Object.entries(calls)) {
  test(`${task}: every run has the threads of the pipeline`, async () => {
    const { call } = await open()
    const runs = await observedRuns(() => call())
    assert.ok(runs.length > 0)
    assert.equal(runs, Array(runs.length).fill({ device: 'cpu', threads: 3 }))
  })

  test(`${task}: a signal that fires after the model has run stops the rest`, async () => {
    const { model, call } = await open()
    const controller = new AbortController()
    afterRun(model, () => controller.abort())
    await rejects(() => call(controller.signal), 'ABORTED', /aborted by its signal/)
  })
}

test('translation: every run has the threads of the pipeline', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`, options)
  const runs = await observedRuns(() => translate('forty-two'))
  assert.ok(runs.length > 0)
  assert.equal(runs, Array(runs.length).fill({ device: 'cpu', threads: 3 }))
})

test('translation: a signal that fires at the last token rejects the call', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`, options)
  const controller = new AbortController()
  const streamer = { put: () => {}, end: () => controller.abort() }
  const { signal } = controller
  await rejects(() => translate('forty-two', { signal, streamer }), 'ABORTED', /aborted by its signal/)
})

test.run()
