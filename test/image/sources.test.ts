import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeImage, getLimits, ImageProcessor, RawImage, SaccadeError, setLimits } from '../../lib/index.js'

const picture = fileURLToPath(new URL('../data/image/processors.png', import.meta.url))
const bytes = readFileSync(picture)

/** The error that a call ends with; its message must be short whatever the input was. */
async function failure(call: () => Promise<unknown>): Promise<SaccadeError> {
  try {
    await call()
  } catch (error) {
    assert.instance(error, SaccadeError)
    assert.ok((error as SaccadeError).message.length < 600, 'a short message')
    return error as SaccadeError
  }
  return assert.unreachable('no error') as never
}

async function serving<T>(listener: RequestListener, run: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  try {
    return await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/** Runs with other limits. */
async function limited<T>(changes: Parameters<typeof setLimits>[0], run: () => Promise<T>): Promise<T> {
  const before = getLimits()
  setLimits(changes)
  try {
    return await run()
  } finally {
    setLimits(before)
  }
}

test('an image can be a path, a URL, bytes, a Blob or base64, also of another realm', async () => {
  const base64 = bytes.toString('base64')
  const lines = base64.replace(/.{76}/g, '$&\n')
  const copy = `Uint8Array.from([${[...bytes]}])`
  const foreign: unknown[] = [runInNewContext(copy), runInNewContext(`${copy}.buffer`)]
  const sources = [
    ...[picture, pathToFileURL(picture), pathToFileURL(picture).href, bytes, new Uint8Array(bytes)],
    ...[new Uint8Array(bytes).buffer, new Blob([bytes]), new File([bytes], 'a.png'), base64, lines],
    ...[`data:image/png;base64,${base64}`, `data:image/png;base64,${encodeURIComponent(base64)}`],
    `data:image/png,${[...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')}`,
    ...(foreign as Uint8Array[]),
  ]
  const expected = await decodeImage(picture)
  for (const source of sources) {
    const image = await decodeImage(source)
    assert.equal([image.width, image.height], [37, 29], String(source).slice(0, 40))
    assert.is(Buffer.compare(image.data, expected.data), 0)
  }
})

test('a string that is no image is told what it can be, in few words', async () => {
  for (const text of ['no/such.png', 'x'.repeat(100_000), `${'A'.repeat(50_000)}==`, 'a\0b', '']) {
    const error = await failure(() => decodeImage(text))
    assert.is(error.code, 'FILE_NOT_FOUND')
    assert.match(error.message, /a string can be a path, a URL/)
  }
  for (const value of [5, null, undefined, {}, [], new Map()]) {
    const error = await failure(() => decodeImage(value as never))
    assert.is(error.code, 'INPUT_INVALID')
  }
  const error = await failure(() => decodeImage(Buffer.from('hello, this is not an image')))
  assert.match(error.message, /JPEG, PNG, WebP.*BMP/)
})

test('folders, devices and pipes are no images', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'saccade-'))
  try {
    const paths = [dir]
    if (process.platform !== 'win32') {
      execFileSync('mkfifo', [join(dir, 'pipe')])
      paths.push(join(dir, 'pipe'), '/dev/zero')
    }
    for (const path of paths) {
      const error = await failure(() => decodeImage(path))
      assert.is(error.code, 'FILE_NOT_FOUND')
      assert.match(error.message, /expected a file/)
    }
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a large file, picture or side is refused', async () => {
  const codes = await limited({ imageBytes: 100 }, async () => [
    (await failure(() => decodeImage(picture))).code,
    (await failure(() => decodeImage(bytes))).code,
    (await failure(() => decodeImage(new Blob([bytes])))).code,
    (await failure(() => decodeImage(`data:image/png;base64,${bytes.toString('base64')}`))).code,
  ])
  assert.equal(codes, Array(4).fill('LIMIT_EXCEEDED'))
  assert.is(
    (await limited({ imageSide: 30 }, () => failure(() => decodeImage(bytes)))).code,
    'LIMIT_EXCEEDED',
  )
  assert.is(
    (await limited({ imagePixels: 9 }, () => failure(() => decodeImage(bytes)))).code,
    'IMAGE_TOO_LARGE',
  )
})

test('a URL is read, and its failures have reasons', async () => {
  await serving(
    (request, response) => {
      if (request.url === '/moved') response.writeHead(302, { location: '/picture' }).end()
      else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
      else if (request.url === '/file') response.writeHead(302, { location: 'file:///etc/hostname' }).end()
      else if (request.url === '/picture') response.end(bytes)
      else response.writeHead(404).end()
    },
    async (url) => {
      assert.is((await RawImage.fromURL(`${url}picture`)).width, 37)
      assert.is((await RawImage.fromURL(new URL('moved', url))).width, 37)
      assert.match((await failure(() => decodeImage(`${url}none`))).message, /404/)
      assert.is((await failure(() => decodeImage(`${url}loop`))).code, 'LIMIT_EXCEEDED')
      assert.match((await failure(() => decodeImage(`${url}file`))).message, /a redirect to a file: URL/)
    },
  )
  const refused = await failure(() => decodeImage('http://127.0.0.1:9/a.png'))
  assert.is(refused.code, 'FILE_NOT_FOUND')
  assert.match(refused.message, /ECONNREFUSED|bad port/)
})

test('an endless or silent URL ends by its limits, and by the signal', async () => {
  await serving(
    (request, response) => {
      if (request.url === '/silent') return
      const chunk = Buffer.alloc(65536)
      const send = () => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', send)
      }
      send()
    },
    async (url) => {
      const endless = await limited({ imageBytes: 2 ** 20 }, () =>
        failure(() => decodeImage(`${url}endless`)),
      )
      assert.is(endless.code, 'LIMIT_EXCEEDED')
      const silent = await limited({ imageSeconds: 0.2 }, () => failure(() => decodeImage(`${url}silent`)))
      assert.is(silent.code, 'LIMIT_EXCEEDED')
      assert.match(silent.message, /0.2 seconds/)
      // URLs that do not answer leave room for files.
      const silence = new AbortController()
      const silents = Array.from({ length: 20 }, () =>
        failure(() => decodeImage(`${url}silent`, { signal: silence.signal })),
      )
      assert.is((await decodeImage(picture)).width, 37)
      silence.abort()
      for (const error of await Promise.all(silents)) assert.is(error.code, 'ABORTED')
      const signal = AbortSignal.timeout(100)
      assert.is((await failure(() => decodeImage(`${url}silent`, { signal }))).code, 'ABORTED')
    },
  )
})

test('an aborted decode rejects at once, with the reason', async () => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const call = failure(() => decodeImage(bytes, { signal: controller.signal }))
  controller.abort(reason)
  const error = await call
  assert.is(error.code, 'ABORTED')
  assert.is(error.cause, reason)
})

test('SVG is read only if asked for, without what can take for ever', async () => {
  const svg = (content: string) =>
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4">${content}</svg>`)
  const plain = svg('<rect width="8" height="4" fill="#0a141e"/>')
  assert.match((await failure(() => decodeImage(plain))).message, /SVG \(with the option svg\)/)
  const image = await decodeImage(plain, { svg: true })
  assert.equal([image.width, image.height, ...image.data.slice(0, 3)], [8, 4, 10, 20, 30])
  const refused = [
    '<filter id="f"><feGaussianBlur stdDeviation="9"/></filter>',
    '<rect style="f\\69lter: blur(9px)"/>',
    '<image href="file:///etc/passwd"/>',
    '<image xlink:href="http://localhost/a.png"/>',
    '<rect fill="url(other.svg#a)"/>',
  ]
  for (const content of refused)
    assert.is((await failure(() => decodeImage(svg(content), { svg: true }))).code, 'IMAGE_INVALID', content)
})

test('an error in a batch names the index', async () => {
  const processor = new ImageProcessor({ resize: { to: 'size', size: [4, 4], filter: 'bilinear' } })
  const error = await failure(() => processor.process([bytes, bytes, 'no/such.png']))
  assert.is(error.code, 'FILE_NOT_FOUND')
  assert.match(error.message, /^image 2: there is no image no\/such\.png/)
  assert.match((await failure(() => processor.process('no/such.png'))).message, /^there is no image/)
})

test.run()
