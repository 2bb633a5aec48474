import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pipeline, RawImage, type SaccadeErrorCode, type Task } from '../../lib/index.js'
import { rejects } from '../support/errors.js'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const bert = fileURLToPath(new URL('../data/goldens/bert-model', import.meta.url))
const digit = `${models}/digits-vit/samples/07-digit-7.png`

/** A PNG whose header claims another size: what a bomb looks like before it is decoded. */
async function withSize(file: string, width: number, height: number): Promise<Buffer> {
  const bytes = await sharp(file).png().toBuffer()
  const header = 16
  bytes.writeUInt32BE(width, header)
  bytes.writeUInt32BE(height, header + 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29)
  return bytes
}

test('making a pipeline', async () => {
  const vit = `${models}/digits-vit`
  const wrong: [SaccadeErrorCode, RegExp, () => Promise<unknown>][] = [
    ['TASK_UNSUPPORTED', /image-classification.*'juggling'/, () => pipeline('juggling' as Task, vit)],
    [
      'TASK_UNSUPPORTED',
      /ViTForImageClassification: expected .* got 'translation'/,
      () => pipeline('translation', vit),
    ],
    ['INPUT_INVALID', /pipeline: model: expected/, () => pipeline('translation', undefined as never)],
    ['FILE_NOT_FOUND', /no-such-model/, () => pipeline('translation', './no-such-model')],
    [
      'OPTION_UNKNOWN',
      /dtype.*'quantised'/,
      () => pipeline('image-classification', vit, { quantised: true } as never),
    ],
    [
      'OPTION_INVALID',
      /dtype: expected .*fp32.*got 'q3'/,
      () => pipeline('image-classification', vit, { dtype: 'q3' as 'q8' }),
    ],
    [
      'OPTION_INVALID',
      /device: expected .*cpu.*got 'tpu'/,
      () => pipeline('image-classification', vit, { device: 'tpu' as 'cpu' }),
    ],
    [
      'OPTION_INVALID',
      /progress_callback: expected a function, got 5/,
      () => pipeline('image-classification', vit, { progress_callback: 5 as never }),
    ],
    ['DEVICE_UNAVAILABLE', /cuda/, () => pipeline('image-classification', vit, { device: 'cuda' })],
    [
      'TASK_UNSUPPORTED',
      /ViTMAEForPreTraining: expected image-feature-extraction/,
      () => pipeline('image-classification', `${models}/shapes-mae`),
    ],
  ]
  for (const [code, message, call] of wrong) await rejects(call, code, message)
})

test('calling on pictures', async () => {
  const classify = await pipeline('image-classification', `${models}/digits-vit`)
  const huge = await withSize(digit, 30_000, 30_000)
  const truncated = (await sharp(digit).png().toBuffer()).subarray(0, 200)
  const wrong: [SaccadeErrorCode, RegExp, () => Promise<unknown>][] = [
    ['EMPTY_BATCH', /at least one input/, () => classify([])],
    ['FILE_NOT_FOUND', /^image 1: .*gone\.png/, () => classify([digit, 'gone.png'])],
    ['IMAGE_INVALID', /^image 9: .*bytes/, () => classify([...new Array<string>(9).fill(digit), truncated])],
    [
      'FILE_NOT_FOUND',
      /^there is no image x{99}…x+; a string can be a path/,
      () => classify('x'.repeat(1000)),
    ],
    ['FILE_NOT_FOUND', /gone\.png/, () => classify('gone.png')],
    ['IMAGE_INVALID', /errors\.test\.ts/, () => classify(fileURLToPath(import.meta.url))],
    ['IMAGE_INVALID', /bytes/, () => classify(new Uint8Array([1, 2, 3]))],
    ['IMAGE_INVALID', /bytes/, () => classify(truncated)],
    ['IMAGE_INVALID', /bytes/, () => classify(new Uint8Array(0))],
    ['IMAGE_TOO_LARGE', /maxPixels.*30000x30000/, () => classify(huge)],
    ['IMAGE_TOO_LARGE', /expected at most 100 pixels/, () => classify(digit, { maxPixels: 100 })],
    ['OPTION_INVALID', /maxPixels/, () => classify(digit, { maxPixels: -1 })],
    ['INPUT_INVALID', /input 0/, () => classify(7 as never)],
    ['INPUT_INVALID', /input 1/, () => classify([digit, null] as never)],
    ['OPTION_UNKNOWN', /top_k.*'topk'/, () => classify(digit, { topk: 3 } as never)],
    ['OPTION_INVALID', /top_k/, () => classify(digit, { top_k: 0 })],
    ['OPTION_INVALID', /top_k: expected .* got '2'/, () => classify(digit, { top_k: '2' } as never)],
    ['ABORTED', /abort/, () => classify(digit, { signal: AbortSignal.abort() })],
  ]
  for (const [code, message, call] of wrong) await rejects(call, code, message)
  assert.throws(
    () => new RawImage(new Uint8Array(5), 2, 2, 3),
    (error: { code: string }) => error.code === 'IMAGE_INVALID',
  )
  const [best] = await classify(digit)
  assert.is(best!.label, '7', 'the pipeline works after every error')
  await classify.dispose()
  await rejects(() => classify(digit), 'DISPOSED', /digits-vit/)
})

test('calling on texts', async () => {
  const extract = await pipeline('feature-extraction', bert)
  const long = 'train '.repeat(30)
  const wrong: [SaccadeErrorCode, RegExp, () => Promise<unknown>][] = [
    ['EMPTY_BATCH', /at least one input/, () => extract([])],
    ['INPUT_INVALID', /input 0/, () => extract(42 as never)],
    ['TEXT_TOO_LONG', /at most 20 tokens/, () => extract(long)],
    ['OPTION_INVALID', /pooling.*mean/, () => extract('a', { pooling: 'median' as 'mean' })],
    ['OPTION_INVALID', /normalize: expected true/, () => extract('a', { normalize: 'no' } as never)],
    ['OPTION_UNKNOWN', /normalize.*'normalise'/, () => extract('a', { normalise: true } as never)],
  ]
  for (const [code, message, call] of wrong) await rejects(call, code, message)
  await extract.dispose()
})

test('calling for a translation', async () => {
  const translate = await pipeline('translation', `${models}/numbers-en-ru`)
  const wrong: [SaccadeErrorCode, RegExp, () => Promise<unknown>][] = [
    ['TEXT_TOO_LONG', /64/, () => translate('one '.repeat(100))],
    ['OPTION_UNKNOWN', /num_beams.*'beams'/, () => translate('one', { beams: 3 } as never)],
    ['OPTION_INVALID', /num_beams/, () => translate('one', { num_beams: 0 })],
    ['LIMIT_EXCEEDED', /^num_beams: /, () => translate('one', { num_beams: 1000 })],
  ]
  for (const [code, message, call] of wrong) await rejects(call, code, message)
  const cut = await translate('one '.repeat(100), { truncation: true })
  assert.is(cut.length, 1)
  await translate.dispose()
})

test.run()
