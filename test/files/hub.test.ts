import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveModel } from '../../lib/files/folder.js'
import { cacheFolder, fetchModel, isHubName, type ProgressInfo } from '../../lib/files/hub.js'
import { inFolder, rejects, throws } from '../weights/build.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A server that has these files of org/model, or answers as `handler` does. `asked` fills with the paths. */
async function withHub<T>(
  hub: Readonly<Record<string, string | Uint8Array>> | Handler,
  use: (options: { endpoint: string; cacheDir: string }, asked: string[]) => Promise<T>,
): Promise<T> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    if (typeof hub === 'function') return hub(request, response)
    const file = /^\/org\/model\/resolve\/[^/]+\/(.+)$/.exec(request.url!)?.[1]
    const body = file !== undefined && Object.hasOwn(hub, file) ? hub[file] : undefined
    response.writeHead(body === undefined ? 404 : 200, { 'content-length': body?.length ?? 0 })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    return await inFolder((dir) => use({ endpoint, cacheDir: join(dir, 'cache') }, asked))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const files = { 'config.json': '{}', 'model.safetensors': Buffer.alloc(700_000, 1), 'vocab.json': '{"a": 0}' }

test('fetches what there is of a model, once', async () => {
  await withHub(files, async (options, asked) => {
    const dir = await fetchModel('org/model', options)
    assert.is(dir, cacheFolder('org/model', options))
    const got = (await readdir(dir)).filter((name) => !name.startsWith('.')).sort()
    assert.equal(got, Object.keys(files).sort())
    assert.ok((await readFile(join(dir, 'model.safetensors'))).equals(files['model.safetensors']))
    assert.ok(asked.includes('/org/model/resolve/main/config.json'))
    const count = asked.length
    await fetchModel('org/model', options)
    assert.is(asked.length, count)
    assert.equal(await resolveModel('org/model', { ...options, localFilesOnly: true }), {
      ...{ name: 'org/model', dir, weights: dir },
    })
  })
})

test('shards are fetched as the index names them', async () => {
  const index = JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } })
  const sharded = {
    ...{ 'config.json': '{}', 'model.safetensors.index.json': index },
    ...{ 'model-1.safetensors': 'one', 'model-2.safetensors': 'two' },
  }
  await withHub(sharded, async (options) => {
    const dir = await fetchModel('org/model', options)
    assert.is(await readFile(join(dir, 'model-2.safetensors'), 'utf8'), 'two')
  })
  const { 'model-2.safetensors': _, ...incomplete } = sharded
  await withHub(incomplete, (options) =>
    rejects(fetchModel('org/model', options), 'FILE_NOT_FOUND', /resolve\/main has no model-2\.safetensors/),
  )
  const leading = JSON.stringify({ weight_map: { a: '../../../evil.safetensors' } })
  await withHub({ ...sharded, 'model.safetensors.index.json': leading }, async (options, asked) => {
    await rejects(fetchModel('org/model', options), 'CONFIG_INVALID', '../../../evil.safetensors')
    assert.not.ok(asked.some((url) => url.includes('evil')))
  })
})

test('tells progress in the form of transformers.js', async () => {
  await withHub(files, async (options) => {
    const told: ProgressInfo[] = []
    await fetchModel('org/model', { ...options, progress: (info) => told.push(info) })
    const weights = told.filter((info) => 'file' in info && info.file === 'model.safetensors')
    assert.is(weights[0]!.status, 'initiate')
    assert.is(weights[1]!.status, 'download')
    assert.is(weights.at(-1)!.status, 'done')
    assert.ok(weights.every((info) => 'name' in info && info.name === 'org/model'))
    const progress = weights.flatMap((info) => (info.status === 'progress' ? [info] : []))
    assert.ok(progress.length >= 2)
    assert.equal(progress.at(-1), {
      ...{ status: 'progress', name: 'org/model', file: 'model.safetensors' },
      ...{ progress: 100, loaded: 700_000, total: 700_000 },
    })
    assert.not.ok(told.some((info) => 'file' in info && info.file === 'tokenizer.json'))
  })
})

test('a revision is part of the URL and of the path in the cache', async () => {
  await withHub(files, async (options, asked) => {
    const dir = await fetchModel('org/model', { ...options, revision: 'refs/pr/1' })
    assert.is(dir, join(options.cacheDir, 'org', 'model', 'refs%2Fpr%2F1'))
    assert.ok(asked[0]!.startsWith('/org/model/resolve/refs%2Fpr%2F1/'))
  })
  for (const revision of ['..', '../x', 'a/../b', '', '/etc', 'a b', 'a//b'])
    await throws(
      () => cacheFolder('org/model', { revision, cacheDir: '/c' }),
      'OPTION_INVALID',
      `got '${revision}'`,
    )
})

test('the environment tells the cache and the endpoint', async () => {
  const saved = { ...process.env }
  try {
    process.env.HF_HOME = '/hf'
    assert.is(cacheFolder('org/model'), join('/hf', 'saccade', 'org', 'model', 'main'))
    delete process.env.HF_HOME
    assert.ok(cacheFolder('org/model').endsWith(join('.cache', 'saccade', 'org', 'model', 'main')))
    await withHub(files, async ({ endpoint, cacheDir }, asked) => {
      process.env.HF_ENDPOINT = `${endpoint}/`
      process.env.HF_HUB_OFFLINE = '1'
      await rejects(resolveModel('org/model', { cacheDir }), 'FILE_NOT_FOUND', 'downloads are off')
      assert.is(asked.length, 0)
      await resolveModel('org/model', { cacheDir, localFilesOnly: false })
      assert.is(asked[0], '/org/model/resolve/main/config.json')
    })
  } finally {
    for (const name of ['HF_HOME', 'HF_ENDPOINT', 'HF_HUB_OFFLINE'])
      if (saved[name] === undefined) delete process.env[name]
      else process.env[name] = saved[name]
  }
})

test('what the Hub does not have, or does not give, is FILE_NOT_FOUND with the URL', async () => {
  await withHub({}, (options) =>
    rejects(
      resolveModel('org/model', options),
      ...(['FILE_NOT_FOUND', `no model folder ${join(process.cwd(), 'org/model')}`] as const),
      `${options.endpoint}/org/model/resolve/main has no config.json`,
    ),
  )
  await withHub({ 'config.json': '{}' }, (options) =>
    rejects(fetchModel('org/model', options), 'FILE_NOT_FOUND', 'has no model.safetensors and no '),
  )
  for (const [status, hint] of [
    [401, 'not public'],
    [500, 'answered 500'],
  ] as const)
    await withHub(
      (_, response) => void response.writeHead(status).end(),
      (options) =>
        rejects(resolveModel('org/model', options), 'FILE_NOT_FOUND', `${options.endpoint}/org/model`, hint),
    )
  await inFolder((cacheDir) =>
    rejects(
      resolveModel('org/model', { endpoint: 'http://127.0.0.1:1', cacheDir }),
      ...([
        'FILE_NOT_FOUND',
        'http://127.0.0.1:1/org/model/resolve/main/config.json could not be downloaded',
      ] as const),
    ),
  )
  await inFolder(async (dir) => {
    await writeFile(join(dir, 'file'), '')
    await rejects(
      fetchModel('org/model', { cacheDir: join(dir, 'file') }),
      'FILE_NOT_FOUND',
      join(dir, 'file'),
    )
  })
})

test('a download that breaks off leaves nothing, and the next one completes it', async () => {
  let whole = false
  const hub: Handler = (request, response) => {
    const file = request.url!.split('/').at(-1)!
    const body = Object.hasOwn(files, file) ? files[file as keyof typeof files] : undefined
    if (body === undefined) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-length': body.length })
    if (file !== 'model.safetensors' || whole) return void response.end(body)
    response.write(body.slice(0, 1000), () => setTimeout(() => response.destroy(), 20))
  }
  await withHub(hub, async (options, asked) => {
    await rejects(
      fetchModel('org/model', options),
      'FILE_NOT_FOUND',
      'model.safetensors could not be downloaded',
    )
    const dir = cacheFolder('org/model', options)
    assert.equal(await readdir(dir), ['config.json'])
    await rejects(resolveModel('org/model', { ...options, localFilesOnly: true }), 'FILE_NOT_FOUND')
    whole = true
    asked.length = 0
    await fetchModel('org/model', options)
    assert.not.ok(asked.some((url) => url.endsWith('/config.json')))
    assert.ok((await readFile(join(dir, 'model.safetensors'))).equals(files['model.safetensors']))
  })
})

test('a download can be aborted', async () => {
  const hub: Handler = (request, response) => {
    if (request.url!.endsWith('config.json')) return void response.end('{}')
    if (!request.url!.endsWith('/model.safetensors')) return void response.writeHead(404).end()
    response.writeHead(200, { 'content-length': 1000 }).write('x') // and never the rest
  }
  await withHub(hub, async (options) => {
    const controller = new AbortController()
    const progress = (info: ProgressInfo) => {
      if (info.status === 'download' && info.file === 'model.safetensors')
        setTimeout(() => controller.abort(), 20)
    }
    await rejects(fetchModel('org/model', { ...options, progress, signal: controller.signal }), 'ABORTED')
    assert.equal(await readdir(cacheFolder('org/model', options)), ['config.json', 'open_clip_config.json'])
    await rejects(resolveModel('org/model', { ...options, signal: AbortSignal.abort() }), 'ABORTED')
  })
})

test('what is on disk comes first, and paths are never looked for on the Hub', async () => {
  await withHub(files, async (options, asked) => {
    const folder = join(options.cacheDir, 'local', 'model')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'a.pth'), '')
    await writeFile(join(folder, 'a.txt'), '')
    assert.equal(await resolveModel(folder, options), { name: folder, dir: folder, weights: folder })
    assert.is((await resolveModel(pathToFileURL(folder), options)).dir, folder)
    assert.is((await resolveModel(pathToFileURL(folder).href, options)).dir, folder)
    const file = join(folder, 'a.pth')
    assert.equal(await resolveModel(file, options), { name: file, dir: folder, weights: file })
    await rejects(resolveModel(join(folder, 'a.txt'), options), 'OPTION_INVALID', 'a.txt')
    for (const name of ['./no/model', '../model', '/no/model', 'model', 'a/b/c', '~/model', 'org/', 'a\0b'])
      await rejects(resolveModel(name, options), 'FILE_NOT_FOUND')
    await rejects(resolveModel('./no', options), 'FILE_NOT_FOUND', join(process.cwd(), 'no'))
    await rejects(resolveModel('', options), 'OPTION_INVALID')
    await rejects(resolveModel(undefined as never, options), 'OPTION_INVALID')
    await rejects(resolveModel('file://elsewhere/model', options), 'OPTION_INVALID', 'elsewhere')
    // A folder `test` is here, so this is a mistyped path.
    await rejects(
      resolveModel('test/no-model', options),
      'FILE_NOT_FOUND',
      join(process.cwd(), 'test/no-model'),
    )
    assert.is(asked.length, 0)
    await rejects(
      resolveModel('test/no-model', { ...options, localFilesOnly: false }),
      'FILE_NOT_FOUND',
      'resolve/main',
    )
    assert.ok(asked.length > 0)
  })
})

test('names of the Hub', () => {
  for (const name of ['org/model', 'a/b', 'Helsinki-NLP/opus-mt-en-ru', 'timm/vit_base_patch16_224.augreg2'])
    assert.ok(isHubName(name), name)
  for (const name of ['model', '/a/b', './a', 'a/b/c', '../b', 'a/..', 'a/b..c', 'a b/c', 'a/b?', 'a/.b', ''])
    assert.not.ok(isHubName(name), name)
})

test.run()
