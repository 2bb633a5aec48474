import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { object, readConfig } from '../../lib/files/config.js'
import { imageSpec, timmSpec } from '../../lib/image/config.js'
import { type AnyModel, decodeImage, ImageProcessor, load, pipeline, Tensor } from '../../lib/index.js'
import { checkHub, checkOffline, type HubCase, type OfflineCase } from './hub.js'

/** expected.json of a case: what the reference library gives for its files. */
export type Expected =
  | { type: 'many'; cases: Expected[] }
  | { type: 'decode'; file: string; width: number; height: number; all: string }
  | ({ type: 'classify'; model: string; image: string } & Top)
  | { type: 'process' | 'timm-process'; image: string; shape: number[]; values: [number, number, number][] }
  | {
      type: 'run'
      model: string
      load: string
      shape: number[]
      x: number[]
      logits?: number[]
      pooled?: number[]
    }
  | { type: 'scores'; model: string; inputs: Record<string, number[][]>; logits: number[] }
  | {
      type: 'features'
      model: string
      texts: string[]
      options?: Record<string, unknown>
      vectors: number[][]
    }
  | { type: 'translate'; model: string; texts: string[]; outputs: string[] }
  | { type: 'message'; file: string; most: number }
  | HubCase
  | OfflineCase

export interface Top {
  readonly top: readonly { readonly label: string; readonly score: number }[]
}

const tolerance = 2e-5

/** Checks a case that lies in a folder. */
export async function check(dir: string, expected: Expected): Promise<void> {
  switch (expected.type) {
    case 'many':
      assert.ok(expected.cases.length > 0, 'no cases')
      for (const one of expected.cases) await check(dir, one)
      return
    case 'decode':
      return checkPixels(dir, expected)
    case 'classify': {
      const classify = await pipeline('image-classification', join(dir, expected.model))
      const found = await classify(join(dir, expected.image), { top_k: expected.top.length })
      return checkTop(found, expected.top)
    }
    case 'process':
    case 'timm-process':
      return checkProcessed(dir, expected)
    case 'run':
      return checkRun(dir, expected)
    case 'scores':
      return checkScores(dir, expected)
    case 'features': {
      const extract = await pipeline('feature-extraction', join(dir, expected.model))
      const found = await extract(expected.texts, expected.options ?? { pooling: 'mean', normalize: true })
      return checkClose(Array.from(found.data, Number), expected.vectors.flat())
    }
    case 'translate': {
      const translate = await pipeline('translation', join(dir, expected.model))
      const found = await translate(expected.texts)
      assert.equal(
        found.map((one) => one.translation_text),
        expected.outputs,
      )
      return
    }
    case 'message':
      return checkMessage(dir, expected)
    case 'hub':
      return checkHub(dir, expected, checkTop)
    case 'offline':
      return checkOffline(expected)
    default:
      assert.unreachable(`a case of the type ${(expected as { type: string }).type}`)
  }
}

/** The file's text is an image in base64. With a letter that base64 does not have it is none, and no message repeats it. */
async function checkMessage(dir: string, { file, most }: Case<'message'>): Promise<void> {
  const text = await readFile(join(dir, file), 'utf8')
  assert.equal((await decodeImage(text)).data, (await decodeImage(Buffer.from(text, 'base64'))).data)
  const message = await decodeImage(`!${text}`).catch((error: Error) => error.message)
  assert.type(message, 'string')
  assert.ok(String(message).length <= most, `${String(message).length} characters`)
}

type Case<T extends Expected['type']> = Extract<Expected, { type: T }>

async function checkPixels(dir: string, { file, width, height, all }: Case<'decode'>): Promise<void> {
  const image = await decodeImage(join(dir, file))
  assert.equal([image.width, image.height, image.channels], [width, height, 3], file)
  const expected = await readFile(join(dir, all))
  const wrong = [...expected].findIndex((value, index) => image.data[index] !== value)
  const at = `${file}: row ${Math.floor(wrong / 3 / width)}, column ${Math.floor(wrong / 3) % width}`
  assert.is(wrong, -1, `${at}: expected ${expected[wrong]}, got ${image.data[wrong]}`)
}

async function checkProcessed(dir: string, { type, image, shape, values }: Case<'process' | 'timm-process'>) {
  const spec =
    type === 'process'
      ? imageSpec(await readConfig(dir, 'preprocessor_config.json'))
      : timmSpec(object(await readConfig(dir, 'config.json'), 'pretrained_cfg'))
  const pixels = await new ImageProcessor(spec).process(join(dir, image))
  assert.equal(pixels.shape, [1, ...shape])
  const data = await pixels.data()
  const plane = shape[1]! * shape[2]!
  for (const [channel, index, value] of values) {
    const got = data[channel * plane + index]!
    assert.ok(
      Math.abs(got - value) < 1e-6,
      `channel ${channel}, pixel ${index}: expected ${value}, got ${got}`,
    )
  }
}

async function checkRun(dir: string, { model: folder, load: file, shape, x, logits, pooled }: Case<'run'>) {
  using model = await load(join(dir, folder, file))
  const pixelValues = Tensor.from(Float32Array.from(x), shape)
  const outputs: Record<string, unknown> = { ...(await (model as AnyModel).run({ pixelValues })) }
  for (const [name, expected] of [
    ['logits', logits],
    ['poolerOutput', pooled],
  ] as const) {
    if (!expected) continue
    const output = outputs[name]
    assert.instance(output, Tensor, name)
    checkClose(Array.from(await (output as Tensor).data(), Number), expected)
  }
}

/** Logits of a model that takes token ids. */
async function checkScores(dir: string, { model: folder, inputs, logits }: Case<'scores'>) {
  using model = await load(join(dir, folder))
  const tokens = Object.entries(inputs).map(([name, rows]) => [
    name,
    Tensor.from(rows.flat(), [rows.length, rows[0]!.length], 'int64'),
  ])
  const outputs = await (model as AnyModel).run(Object.fromEntries(tokens))
  checkClose(Array.from(await outputs.logits!.data(), Number), logits)
}

function checkTop(found: unknown, top: Top['top']): void {
  const list = found as Top['top']
  assert.equal(
    list.map(({ label }) => label),
    top.map(({ label }) => label),
  )
  checkClose(
    list.map(({ score }) => score),
    top.map(({ score }) => score),
  )
}

function checkClose(got: readonly number[], expected: readonly number[]): void {
  assert.is(got.length, expected.length)
  expected.forEach((value, index) => {
    const error = Math.abs(got[index]! - value)
    assert.ok(
      error <= tolerance * Math.max(1, Math.abs(value)),
      `${index}: expected ${value}, got ${got[index]}`,
    )
  })
}
