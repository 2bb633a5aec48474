// What is in the cache: damage is found and repaired, a folder is of one commit, what killed downloads left is removed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveModel } from '../../../lib/files/folder.js'
import { openCached, writeMark } from '../../../lib/files/hub/mark.js'
import { fetchModel } from '../../../lib/files/hub.js'
import { withVariables } from '../../support/environment.js'
import { aCommit, type HubAddress, isLarge, withHub } from '../../support/hub.js'
import { inFolder, rejects, safetensorsBytes } from '../../weights/build.js'

const weights = safetensorsBytes({ a: { dtype: 'U8', shape: [4000], data_offsets: [0, 4000] } }, 4000)
const files = { 'config.json': '{"a": 1}', 'model.safetensors': weights, 'vocab.txt': 'a\nb\n' }

const filesAsked = ({ asked }: HubAddress) =>
  asked.map(({ url }) => url.split('/').at(-1)!).filter((name) => Object.hasOwn(files, name))

async function checkFiles(dir: string): Promise<void> {
  for (const [name, content] of Object.entries(files))
    assert.ok((await readFile(join(dir, name))).equals(Buffer.from(content)), name)
}

test('a mark without weights does not replace a complete one', async () => {
  await withHub({ files }, async ({ asked: _, ...hub }) => {
    const dir = await fetchModel('org/model', hub)
    const { mark } = (await openCached('org/model', hub))!
    const { 'model.safetensors': weightsRecord, ...settings } = mark.files
    await writeMark(dir, { ...mark, hasWeights: false, files: settings }, hub)
    assert.equal((await openCached('org/model', hub))!.mark, mark)
    await rm(join(dir, 'model.safetensors'))
    await writeMark(dir, { ...mark, hasWeights: false, files: settings }, hub)
    assert.is((await openCached('org/model', hub))!.mark.hasWeights, false)
    assert.is(weightsRecord!.size, weights.length)
  })
})

test('a gated model is named as such', async () => {
  await withHub({ files, token: 'other' }, async ({ asked: _, ...hub }) => {
    await rejects(
      fetchModel('org/model', { ...hub, token: 'mine' }),
      'FILE_NOT_FOUND',
      /gated.*\/org\/model$/,
    )
  })
})

test('a damaged file is found when the model is opened, and downloaded again, it alone', async () => {
  const flip = async (path: string) => {
    const bytes = await readFile(path)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(path, bytes)
  }
  const damages = [flip, (path: string) => truncate(path, 10), (path: string) => rm(path)]
  for (const lists of [true, false])
    await withHub({ files, lists }, async (options) => {
      const { asked, ...hub } = options
      const dir = await fetchModel('org/model', hub)
      for (const damage of damages)
        for (const file of Object.keys(files)) {
          await damage(join(dir, file))
          asked.length = 0
          await rejects(
            resolveModel('org/model', { ...hub, localFilesOnly: true }),
            'FILE_NOT_FOUND',
            `${file} is damaged`,
          )
          assert.is(asked.length, 0)
          assert.is(await fetchModel('org/model', hub), dir)
          assert.equal(filesAsked(options), [file])
          await checkFiles(dir)
        }
    })
})

test('a copy of the cache with other times is as good, and its times are noted', async () => {
  await withHub({ files }, async ({ asked, ...options }) => {
    const dir = await fetchModel('org/model', options)
    const old = new Date(1e12)
    for (const name of Object.keys(files)) await utimes(join(dir, name), old, old)
    asked.length = 0
    assert.is((await resolveModel('org/model', { ...options, localFilesOnly: true })).dir, dir)
    assert.is(asked.length, 0)
    const mark = JSON.parse(await readFile(join(dir, '.complete.json'), 'utf8'))
    assert.is(mark.files['config.json'].mtimeMs, 1e12)
  })
})

test('a mark that cannot be read: files whose hashes are right are kept', async () => {
  await withHub({ files }, async (options) => {
    const dir = await fetchModel('org/model', options)
    for (const mark of [
      '',
      '{"name": "org/model", "revision": "main"}',
      '{"files": {"../../x": {}}}',
      '[',
      'null',
    ]) {
      await writeFile(join(dir, '.complete.json'), mark)
      options.asked.length = 0
      await fetchModel('org/model', options)
      assert.equal(filesAsked(options), [])
    }
  })
})

test('a model in the cache stays as it is; its folder of the branch deleted, the newest comes', async () => {
  await inFolder(async (cacheDir) => {
    const get = (commit: string, config: string) =>
      withHub({ files: { ...files, 'config.json': config }, commit }, async ({ endpoint }) => {
        const dir = await fetchModel('org/model', { endpoint, cacheDir })
        return { dir, config: await readFile(join(dir, 'config.json'), 'utf8') }
      })
    const [one, two] = ['1'.repeat(40), '2'.repeat(40)]
    const first = await get(one, '{"b": 1}')
    assert.equal(await get(two, '{"b": 2}'), first)
    // Damaged, it is repaired from its own commit.
    await withHub(
      { files: { ...files, 'config.json': '{"b": 1}' }, commit: one },
      async ({ endpoint, asked }) => {
        await rm(join(first.dir, 'config.json'))
        await fetchModel('org/model', { endpoint, cacheDir })
        assert.is(asked[0]!.url, `/api/models/org/model/revision/${one}?blobs=true`)
      },
    )
    await rm(join(cacheDir, 'org', 'model', 'main'), { recursive: true })
    const second = await get(two, '{"b": 2}')
    assert.is(second.config, '{"b": 2}')
    assert.is.not(second.dir, first.dir)
    // A commit is a revision, too, and needs no request.
    assert.is(
      (await resolveModel('org/model', { cacheDir, revision: one, localFilesOnly: true })).dir,
      first.dir,
    )
  })
})

test('an endpoint without a list may tell the commit in headers', async () => {
  const fault = (request: { url?: string | undefined }) => request.url!.startsWith('/api/')
  await withHub(
    { files, fault: (request, response) => fault(request) && !!response.writeHead(404).end() },
    async (options) => {
      assert.is(await fetchModel('org/model', options), join(options.cacheDir, 'org', 'model', aCommit))
      const resolved = options.asked.filter(({ url }) => url.includes('/resolve/'))
      assert.ok(resolved[0]!.url.includes('/resolve/main/'))
      assert.ok(resolved.slice(1).every(({ url }) => url.includes(`/resolve/${aCommit}/`)))
    },
  )
})

test('a token goes to the endpoint alone, not to where it redirects', async () => {
  const secret = { HF_TOKEN: 'hf_secret' }
  for (const lists of [true, false])
    await withHub(
      { files, fault: (_, response, body) => body === undefined && !!response.end(weights) },
      ({ endpoint: weightsAt, asked: elsewhere }) =>
        withHub({ files, lists, token: 'hf_secret', weightsAt }, (options) =>
          withVariables(secret, async () => {
            await checkFiles(await fetchModel('org/model', options))
            assert.ok(options.asked.every(({ token }) => token === 'Bearer hf_secret'))
            assert.is(elsewhere.length, 1)
            assert.is(elsewhere[0]!.token, undefined)
          }),
        ),
    )
})

test('where a token comes from', async () => {
  await inFolder(async (dir) => {
    await writeFile(join(dir, 'token'), ' hf_file\n')
    await writeFile(join(dir, 'other'), 'hf_other')
    const none = {
      ...{ HF_TOKEN: undefined, HUGGING_FACE_HUB_TOKEN: undefined, HF_ACCESS_TOKEN: undefined },
      ...{ HF_HOME: dir, HF_TOKEN_PATH: undefined, HF_HUB_DISABLE_IMPLICIT_TOKEN: undefined },
    }
    const cases: [Record<string, string>, string | boolean | undefined, string | undefined][] = [
      [{}, undefined, 'hf_file'],
      [{ HF_TOKEN_PATH: join(dir, 'other') }, undefined, 'hf_other'],
      [{ HF_TOKEN_PATH: join(dir, 'gone') }, undefined, undefined],
      [{ HUGGING_FACE_HUB_TOKEN: 'hf_old' }, undefined, 'hf_old'],
      [{ HF_TOKEN: ' hf_new\r\n', HUGGING_FACE_HUB_TOKEN: 'hf_old' }, undefined, 'hf_new'],
      [{ HF_TOKEN: 'hf_new' }, 'hf_option', 'hf_option'],
      [{ HF_TOKEN: 'hf_new' }, false, undefined],
      [{ HF_TOKEN: 'hf_new', HF_HUB_DISABLE_IMPLICIT_TOKEN: 'True' }, undefined, undefined],
      [{ HF_TOKEN: 'hf_new', HF_HUB_DISABLE_IMPLICIT_TOKEN: 'ON' }, true, 'hf_new'],
    ]
    for (const [variables, token, sent] of cases)
      await withVariables({ ...none, ...variables }, () =>
        withHub({ files }, async (options) => {
          await fetchModel('org/model', { ...options, token })
          assert.is(options.asked[0]!.token, sent && `Bearer ${sent}`)
        }),
      )
    await withVariables({ ...none, HF_HOME: join(dir, 'gone') }, async () => {
      const options = { endpoint: 'http://127.0.0.1:1', cacheDir: dir }
      await rejects(fetchModel('org/model', { ...options, token: true }), 'OPTION_INVALID', 'HF_TOKEN')
      const bad = await rejects(
        fetchModel('org/model', { ...options, token: 'geheim\u0416' }),
        'OPTION_INVALID',
      )
      assert.not.match(bad.message, /geheim/)
    })
  })
})

const child = `
  import { fetchModel } from './lib/files/hub.ts'
  const [endpoint, cacheDir] = process.argv.slice(1)
  await fetchModel('org/model', { endpoint, cacheDir })`

function startDownload({ endpoint, cacheDir }: HubAddress) {
  const args = ['--import', 'tsx', '--input-type=module', '-e', child, endpoint, cacheDir]
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}

test('what a killed download left is removed by the next', async () => {
  let stall = true
  const hub = {
    files,
    fault: (request: { url?: string | undefined }, response: ServerResponse) => {
      if (!stall || !isLarge(request.url!)) return false
      response.write('x')
      return true
    },
  }
  await withHub(hub, async (options) => {
    const folder = join(options.cacheDir, 'org', 'model', aCommit)
    const process = startDownload(options)
    const left = async () =>
      (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.incomplete'))
    for (let tries = 0; (await left()).length === 0 && tries < 600; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50))
    process.kill('SIGKILL')
    await once(process, 'close')
    assert.is((await left()).length, 1)
    // Of another machine: removed when it is old.
    const [foreign, old] = ['new', 'old'].map((name) =>
      join(folder, `${name}.elsewhere.1.${'0'.repeat(36)}.incomplete`),
    )
    await writeFile(foreign!, '')
    await writeFile(old!, '')
    await utimes(old!, 0, 0)
    stall = false
    await checkFiles(await fetchModel('org/model', options))
    assert.equal(
      (await left()).map((name) => join(folder, name)),
      [foreign],
    )
  })
})

test('several processes may download a model at once', async () => {
  for (const lists of [true, false])
    await withHub({ files, lists }, async (options) => {
      const others = [startDownload(options), startDownload(options)]
      const ends = others.map((other) => once(other, 'close'))
      const here = await Promise.all([1, 2, 3].map(() => fetchModel('org/model', options)))
      assert.equal(
        (await Promise.all(ends)).map(([status]) => status),
        [0, 0],
      )
      await checkFiles(here[0]!)
      const names = await readdir(options.cacheDir, { recursive: true })
      assert.not.ok(names.some((name) => name.endsWith('.incomplete')))
      const count = options.asked.length
      await resolveModel('org/model', { ...options, localFilesOnly: true })
      assert.is(options.asked.length, count)
    })
})

test('a disk that refuses a write in the middle', async () => {
  // The shell limits the size of files, which is a disk that is full after some blocks.
  const large = safetensorsBytes(
    { a: { dtype: 'U8', shape: [900_000], data_offsets: [0, 900_000] } },
    900_000,
  )
  await withHub({ files: { ...files, 'model.safetensors': large } }, async ({ endpoint, cacheDir }) => {
    const code = child
      .replace('await fetchModel', 'process.exitCode = await fetchModel')
      .replace(/\)$/, `).then(() => 3, (error) => error.code === 'CACHE_UNWRITABLE' ? 0 : 4)`)
    const args = ['--import', 'tsx', '--input-type=module', '-e', code, endpoint, cacheDir]
    const shell = spawn('bash', ['-c', 'ulimit -f 300; exec "$0" "$@"', process.execPath, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    assert.equal(await once(shell, 'close'), [0, null])
    assert.equal(await readdir(join(cacheDir, 'org', 'model', aCommit)), ['config.json'])
  })
})

test.run()
