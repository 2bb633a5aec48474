// Whatever an endpoint answers, a folder of the cache that is marked complete has the right files.
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openCached } from '../../../lib/files/hub/mark.js'
import { fetchModel } from '../../../lib/files/hub.js'
import { getLimits, setLimits } from '../../../lib/limits.js'
import { withVariables } from '../../support/environment.js'
import { aCommit, type Hub, type HubAddress, isLarge, send, withHub } from '../../support/hub.js'
import { rejects, safetensorsBytes } from '../../weights/build.js'

const weights = safetensorsBytes(
  { a: { dtype: 'U8', shape: [300_000], data_offsets: [0, 300_000] } },
  300_000,
)
const files = { 'config.json': '{"a": 1}', 'model.safetensors': weights }

type Fault = NonNullable<Hub['fault']>
type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

/** A fault of the answers for weights. */
function ofWeights(answer: Answer): Pick<Hub, 'fault'> {
  return {
    fault: (request, response, body) => {
      if (body === undefined || !isLarge(request.url!)) return false
      answer(request, response, body)
      return true
    },
  }
}

/** Answers with `fault` so many times, and well afterwards. */
function times(count: number, fault: Answer): Answer {
  let left = count
  return (request, response, body) => (left-- > 0 ? fault : send)(request, response, body)
}

async function leavesNothing(options: HubAddress): Promise<void> {
  assert.is(await openCached('org/model', options), undefined)
  const names = await readdir(options.cacheDir, { recursive: true }).catch(() => [])
  assert.equal(
    names.filter((name) => /\.incomplete$|\.safetensors$|\.complete/.test(name)),
    [],
  )
}

const page = '<!DOCTYPE html><html><title>Sign in</title></html>'
const text =
  (body: string, headers = {}): Answer =>
  (_, response) =>
    void response.writeHead(200, headers).end(body)
const redirect =
  (location: string): Answer =>
  (_, response) =>
    void response.writeHead(302, { location }).end()

/** What is wrong, with and without hashes, and a part of the message. */
const faults: Record<string, [Answer, RegExp]> = {
  'a web page': [text(page, { 'content-type': 'text/html' }), /expected .*, got/],
  'an error text': [text('Internal error'), /expected .*, got/],
  'a body that is short': [
    (_, r, body) => void r.writeHead(200, { connection: 'close' }).end(body.subarray(0, 99_999)),
    /expected|got/,
  ],
  'a body that is long': [
    (_, r, body) => void r.writeHead(200).end(Buffer.concat([body, body])),
    /expected|got/,
  ],
  'no body': [text(''), /expected .*, got/],
  'a wrong encoding': [
    (_, r, body) => void r.writeHead(200, { 'content-encoding': 'gzip' }).end(body),
    /could not be downloaded: incorrect header/,
  ],
  'a redirect to nowhere': [redirect('http://127.0.0.1:1/x'), /could not be downloaded: bad port/],
  'a redirect in a circle': [
    (q, r) => void r.writeHead(302, { location: q.url! }).end(),
    /redirects more than 10 times/,
  ],
  'a redirect to a file': [redirect('file:///etc/passwd'), /redirects to something that is not an http/],
  'a redirect that is no URL': [redirect('http://[x'), /redirects to something that is not an http/],
  'a status without meaning': [(_, r) => void r.writeHead(302).end(), /answered 302/],
  'a status of the client': [(_, r) => void r.writeHead(410).end(), /answered 410/],
}

for (const [what, [fault, message]] of Object.entries(faults))
  test(`${what} is DOWNLOAD_FAILED, and leaves nothing`, async () => {
    for (const lists of [true, false])
      await withHub({ files, lists, ...ofWeights(fault) }, async (options) => {
        await rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'model.safetensors', message)
        await leavesNothing(options)
      })
  })

test('a changed byte is found by the hash, in weights and in configs', async () => {
  const flipped =
    (file: RegExp): Fault =>
    (request, response, body) => {
      if (!body || !file.test(request.url!)) return false
      const wrong = Buffer.from(body)
      wrong[wrong.length - 2]! ^= 1
      send(request, response, wrong)
      return true
    }
  await withHub({ files, fault: flipped(/safetensors/) }, async (options) => {
    await rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'expected the SHA-256 hash')
    await leavesNothing(options)
  })
  await withHub({ files, fault: flipped(/config/) }, async (options) => {
    await rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'expected the git hash')
    await leavesNothing(options)
  })
})

test('a captive portal answers everything with a page', async () => {
  for (const lists of [true, false]) {
    const fault: Fault = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page)
      return true
    }
    await withHub({ files, lists, fault }, async (options) => {
      await rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'expected JSON')
      await leavesNothing(options)
    })
  }
})

test('lists that are none, or that name files outside the folder', async () => {
  const list =
    (value: unknown): Fault =>
    (request, response) => {
      if (!request.url!.startsWith('/api/')) return false
      response.end(typeof value === 'string' ? value : JSON.stringify(value))
      return true
    }
  const siblings = (...names: string[]) => ({
    sha: aCommit,
    siblings: names.map((rfilename) => ({ rfilename })),
  })
  const bad = [
    '{"sha"',
    '[]',
    {},
    { sha: '../..', siblings: [] },
    { sha: aCommit },
    siblings('a', 5 as never),
  ]
  for (const value of bad)
    await withHub({ files, fault: list(value) }, (options) =>
      rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', '/api/models/org/model'),
    )
  const evil = ['a\\..\\..\\vocab.json', 'C:vocab.json', 'a\0token.json', 'x\n_config.json']
  for (const name of evil)
    await withHub({ files, fault: list(siblings('config.json', 'model.safetensors', name)) }, (options) =>
      rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'not a path inside it'),
    )
  for (const path of ['../..', '/etc', 'a/../..', '..\\x'])
    for (const lists of [true, false]) {
      const modules = { ...files, 'modules.json': JSON.stringify([{ path }]), [`${path}/config.json`]: '{}' }
      await withHub({ files: modules, lists }, async (options) => {
        await rejects(fetchModel('org/model', options), 'CONFIG_INVALID', 'a folder in')
        assert.not.ok(options.asked.some(({ url }) => /\.\.|etc/.test(decodeURIComponent(url))))
      })
    }
})

test('a list in pages is read to its end, from the same server alone', async () => {
  const paged =
    (next: (page: number) => string | undefined, commit = aCommit): Fault =>
    (request, response) => {
      if (!request.url!.startsWith('/api/')) return false
      const page = Number(/page=(\d+)/.exec(request.url!)?.[1] ?? 0)
      const link = next(page)
      const rfilename = Object.keys(files)[page] ?? 'README.md'
      const headers = link === undefined ? {} : { link: `<${link}>; rel="next"` }
      const sha = page === 0 ? aCommit : commit
      response.writeHead(200, headers).end(JSON.stringify({ sha, siblings: [{ rfilename }] }))
      return true
    }
  const following = (page: number) => (page < 2 ? `/api/models/org/model?page=${page + 1}` : undefined)
  await withHub({ files, fault: paged(following) }, async (options) => {
    const dir = await fetchModel('org/model', options)
    assert.equal(await readFile(join(dir, 'model.safetensors')), Buffer.from(weights))
  })
  const elsewhere = paged(() => 'http://other.invalid/?page=1')
  await withHub({ files, fault: elsewhere }, (options) =>
    rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', /other\.invalid.*another server/),
  )
  const endless = paged((page) => `/api/?page=${page + 1}`)
  await withHub({ files, fault: endless }, (options) =>
    rejects(fetchModel('org/model', options), 'LIMIT_EXCEEDED', /listPages/),
  )
  await withHub({ files, fault: paged(following, 'b'.repeat(40)) }, (options) =>
    rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', /page of the list of commit a+$/),
  )
})

test('a part that was not asked for is not the file', async () => {
  const fault: Fault = (request, response, body) => {
    if (!request.url!.endsWith('vocab.txt') || body === undefined) return false
    response.writeHead(206, { 'content-range': `bytes 0-2/${body.length}`, 'content-length': 3 })
    response.end(body.subarray(0, 3))
    return true
  }
  const more = { ...files, 'vocab.txt': 'a\nb\nc\n' }
  await withHub({ files: more, lists: false, fault }, (options) =>
    rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'expected 6 bytes, got 3 bytes'),
  )
})

test('a link in the cache does not lead a download out of it', async () => {
  const modules = { ...files, 'modules.json': '[{"path": "1_Pooling"}]', '1_Pooling/config.json': '{}' }
  await withHub({ files: modules }, async (options) => {
    const outside = join(options.cacheDir, '..', 'outside')
    const dir = join(options.cacheDir, 'org', 'model', aCommit)
    await mkdir(dir, { recursive: true })
    await mkdir(outside)
    await symlink(outside, join(dir, '1_Pooling'))
    await rejects(fetchModel('org/model', options), 'CACHE_UNWRITABLE', 'a link that leads out')
    assert.equal(await readdir(outside), [])
  })
})

test('errors of the server and too many requests are tried again; Retry-After is heard', async () => {
  const status =
    (code: number, headers = {}): Answer =>
    (_, response) =>
      void response.writeHead(code, headers).end()
  const date = new Date(Date.now() - 1000).toUTCString()
  const passing = [
    times(4, status(429, { 'retry-after': '0' })),
    times(2, status(429, { ratelimit: '"resolvers";r=0;t=0' })),
    times(1, status(503, { 'retry-after': date })),
    times(1, status(408)),
    times(1, (_, response) => void response.destroy()),
  ]
  await Promise.all(
    passing.map((answer) =>
      withHub({ files, ...ofWeights(answer) }, async (options) => {
        const dir = await fetchModel('org/model', options)
        assert.ok((await readdir(dir)).includes('model.safetensors'))
      }),
    ),
  )
  await withHub({ files, ...ofWeights(status(429, { 'retry-after': '3600' })) }, (options) =>
    rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'asks to wait 3600 s'),
  )
})

test('a server that stays broken or silent ends in DOWNLOAD_FAILED', async () => {
  const stall: Answer = (_, response, body) => {
    response.writeHead(200, { 'content-length': body.length })
    response.write('x')
  }
  const drip: Answer = (_, response, body) => {
    response.writeHead(200, { 'content-length': body.length })
    const timer = setInterval(() => response.write('x'), 50)
    response.on('close', () => clearInterval(timer))
  }
  const broken: [Answer, RegExp][] = [
    [(_, response) => void response.writeHead(500).end('<html>'), /answered 500/],
    [
      (_, response) => void response.writeHead(200).write('x', () => response.destroy()),
      /could not be downloaded/,
    ],
    [() => {}, /0 bytes came within 0\.3 s/],
    [stall, /bytes came within 0\.3 s/],
    [drip, /bytes came within 0\.3 s/],
  ]
  await withVariables({ HF_HUB_DOWNLOAD_TIMEOUT: '0.3' }, () =>
    Promise.all(
      broken.map(([answer, message]) =>
        withHub({ files, ...ofWeights(answer) }, async (options) => {
          await rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', 'model.safetensors', message)
          await leavesNothing(options)
        }),
      ),
    ),
  )
  await withHub({ files, fault: (_, response) => !!response.writeHead(500).end() }, (options) =>
    rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', '/api/models/org/model', 'answered 500'),
  )
})

test('a broken download is continued by a range where its hash is known', async () => {
  const cut: Answer = (_, response, body) => {
    response.writeHead(200, { 'content-length': body.length })
    response.write(body.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
  }
  const ranges = ({ asked }: HubAddress) =>
    asked.filter(({ url }) => url.endsWith('.safetensors')).map(({ range }) => range)
  await withHub({ files, ...ofWeights(times(1, cut)) }, async (options) => {
    await fetchModel('org/model', options)
    assert.equal(ranges(options), [undefined, 'bytes=100000-'])
  })
  await withHub({ files, lists: false, ...ofWeights(times(1, cut)) }, async (options) => {
    await fetchModel('org/model', options)
    assert.equal(ranges(options), [undefined, undefined])
  })
  // Servers that refuse ranges, ignore them, or answer with another one.
  const refuse: Answer = (request, response, body) => {
    if (request.headers.range) response.writeHead(416, { 'content-range': 'bytes */5' }).end()
    else send(request, response, body)
  }
  const ignore: Answer = (_, response, body) => void response.end(body)
  const other: Answer = (request, response, body) => {
    if (!request.headers.range) send(request, response, body)
    else
      response
        .writeHead(206, { 'content-range': `bytes 7-${body.length - 1}/${body.length}` })
        .end(body.subarray(7))
  }
  for (const then of [refuse, ignore, other]) {
    let cuts = 0
    const answer: Answer = (...args) => (cuts++ === 0 ? cut : then)(...args)
    await withHub({ files, ...ofWeights(answer) }, async (options) => {
      await fetchModel('org/model', options)
      assert.is(ranges(options)[1], 'bytes=100000-')
    })
  }
})

test('files of two commits are not mixed', async () => {
  const other = 'b'.repeat(40)
  const fault: Fault = (request, response, body) => {
    if (!body || !isLarge(request.url!)) return false
    send(request, response, body, { 'x-repo-commit': other })
    return true
  }
  await withHub({ files, fault }, async (options) => {
    await rejects(fetchModel('org/model', options), 'DOWNLOAD_FAILED', `got one of ${other}`)
    await leavesNothing(options)
  })
})

test('sizes are limited: by the limits, and by the disk', async () => {
  const before = getLimits()
  const huge =
    (name: string, size: number): Fault =>
    (request, response, body) => {
      if (!body || !request.url!.endsWith(name)) return false
      response.writeHead(200, { 'content-length': size }).write('{')
      return true
    }
  const endless: Fault = (request, response, body) => {
    if (!body || !request.url!.endsWith('config.json')) return false
    const more = () => response.destroyed || response.write(' '.repeat(100_000), () => setTimeout(more, 1))
    more()
    return true
  }
  try {
    await withHub({ files, lists: false, fault: huge('config.json', 300_000_000) }, (options) =>
      rejects(fetchModel('org/model', options), 'LIMIT_EXCEEDED', 'config.json', 'downloadedConfigBytes'),
    )
    await withHub({ files, lists: false, fault: huge('model.safetensors', 1e12) }, (options) =>
      rejects(
        fetchModel('org/model', options),
        'LIMIT_EXCEEDED',
        'model.safetensors',
        'downloadedWeightsBytes',
      ),
    )
    setLimits({
      downloadedWeightsBytes: Number.POSITIVE_INFINITY,
      downloadedConfigBytes: 1_000_000,
      downloadedFiles: 3,
    })
    await withHub({ files, lists: false, fault: huge('model.safetensors', 1e15) }, async (options) => {
      await rejects(fetchModel('org/model', options), 'CACHE_UNWRITABLE', `has ${1e15} bytes, but the disk`)
      await leavesNothing(options)
    })
    await withHub({ files, lists: false, fault: endless }, async (options) => {
      await rejects(
        fetchModel('org/model', options),
        'LIMIT_EXCEEDED',
        'config.json',
        'downloadedConfigBytes',
      )
      await leavesNothing(options)
    })
    const many = { ...files, 'a_config.json': '{}', 'b_config.json': '{}' }
    await withHub({ files: many }, (options) =>
      rejects(fetchModel('org/model', options), 'LIMIT_EXCEEDED', 'downloadedFiles'),
    )
  } finally {
    setLimits(before)
  }
})

test('a cache that cannot be written is CACHE_UNWRITABLE', async () => {
  await withHub({ files }, async ({ cacheDir, endpoint }) => {
    await mkdir(cacheDir)
    await writeFile(join(cacheDir, 'file'), '')
    for (const dir of [join(cacheDir, 'file'), '/proc/saccade'])
      await rejects(fetchModel('org/model', { endpoint, cacheDir: dir }), 'CACHE_UNWRITABLE', dir)
  })
})

test.run()
