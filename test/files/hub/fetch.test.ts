import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveModel } from '../../../lib/files/folder.js'
import { cacheFolder, fetchModel, isHubName, type ProgressInfo } from '../../../lib/files/hub.js'
import { load } from '../../../lib/models/load.js'
import { withVariables } from '../../support/environment.js'
import { aCommit, withHub } from '../../support/hub.js'
import { rejects, safetensorsBytes, throws } from '../../weights/build.js'

const weights = safetensorsBytes(
  { a: { dtype: 'U8', shape: [700_000], data_offsets: [0, 700_000] } },
  700_000,
)
const files = { 'config.json': '{}', 'model.safetensors': weights, 'vocab.json': '{"a": 0}' }
const paths = (asked: readonly { url: string }[]) => asked.map(({ url }) => url)

test('fetches what there is of a model, once, with and without a list of files', async () => {
  for (const lists of [true, false])
    await withHub({ files, lists }, async ({ asked, ...options }) => {
      const dir = await fetchModel('org/model', options)
      assert.is(dir, cacheFolder('org/model', lists ? { ...options, revision: aCommit } : options))
      assert.equal(await filesIn(dir), Object.keys(files).sort())
      assert.ok((await readFile(join(dir, 'model.safetensors'))).equals(weights))
      const count = asked.length
      if (lists) assert.is(count, 1 + Object.keys(files).length, 'no request for a file that is not there')
      await fetchModel('org/model', options)
      assert.is(asked.length, count)
      assert.equal(await resolveModel('org/model', { ...options, localFilesOnly: true }), {
        ...{ name: 'org/model', dir, weights: dir },
      })
    })
})

test('of a list, what a loader reads: not the files of other frameworks, nor weights in other formats', async () => {
  const module = (path: string) => ({ idx: 0, name: path, path, type: 'sentence_transformers.models' })
  const read = {
    ...files,
    'preprocessor_config.json': '{}',
    'processor_config.json': '{}',
    'target_vocab.json': '{}',
    'source.spm': 'spm',
    'sentencepiece.bpe.model': 'spm',
    'sentence_bert_config.json': '{}',
    'config_sentence_transformers.json': '{}',
    'special_tokens_map.json': '{}',
    'modules.json': JSON.stringify(['', '1_Pooling', '2_Dense'].map(module)),
    '1_Pooling/config.json': '{}',
    '2_Dense/config.json': '{}',
    '2_Dense/model.safetensors': weights,
  }
  const others = {
    'pytorch_model.bin': 'PK',
    'tf_model.h5': 'h5',
    'flax_model.msgpack': 'm',
    'onnx/model.onnx': 'onnx',
    'onnx/config.json': '{}',
    'openvino/openvino_model.bin': 'x',
    '2_Dense/pytorch_model.bin': 'PK',
    'trainer_state.json': '{}',
    'README.md': '',
    'pytorch_model.bin.index.json': '{}',
  }
  await withHub({ files: { ...read, ...others } }, async (options) => {
    assert.equal(await filesIn(await fetchModel('org/model', options)), Object.keys(read).sort())
  })
  // A list may have a checkpoint under a name that no fixed list has.
  const { 'model.safetensors': _, ...rest } = files
  await withHub({ files: { ...rest, 'dino_vits16.pth': 'PK' } }, async (options) => {
    const got = await filesIn(await fetchModel('org/model', options))
    assert.equal(got, ['config.json', 'dino_vits16.pth', 'vocab.json'])
  })
})

test('a tokenizer needs no weights; what a model needs besides is fetched later, from the same commit', async () => {
  for (const lists of [true, false]) {
    await withHub({ files, lists }, async (options) => {
      const weightsAsked = () => paths(options.asked).some((url) => /safetensors|\.bin|\.pth/.test(url))
      const dir = await fetchModel('org/model', options, 'settings')
      assert.equal(await filesIn(dir), ['config.json', 'vocab.json'])
      assert.not.ok(weightsAsked())
      const asked = options.asked.length
      assert.is(await fetchModel('org/model', options, 'settings'), dir)
      const offline = { ...options, localFilesOnly: true }
      await rejects(resolveModel('org/model', offline), 'FILE_NOT_FOUND', /have the weights of org\/model/)
      assert.is((await resolveModel('org/model', offline, 'settings')).dir, dir)
      assert.is(options.asked.length, asked, 'nothing is asked again')

      assert.is(await fetchModel('org/model', options), dir)
      assert.equal(await filesIn(dir), ['config.json', 'model.safetensors', 'vocab.json'])
      const vocab = paths(options.asked).filter((url) => url.endsWith('/vocab.json'))
      assert.is(vocab.length, 1, 'what the cache has is not fetched again')
      assert.is((await resolveModel('org/model', offline)).dir, dir)
    })
  }
})

async function filesIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const inside = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
  return inside.map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1)).sort()
}

test('shards are fetched as the index names them', async () => {
  const index = JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } })
  const sharded = {
    ...{ 'config.json': '{}', 'model.safetensors.index.json': index },
    ...{ 'model-1.safetensors': weights, 'model-2.safetensors': safetensorsBytes({}) },
  }
  const { 'model-2.safetensors': _, ...incomplete } = sharded
  const leading = JSON.stringify({ weight_map: { a: '../../../evil.safetensors' } })
  for (const lists of [true, false]) {
    await withHub({ files: sharded, lists }, async (options) => {
      const dir = await fetchModel('org/model', options)
      assert.ok((await readFile(join(dir, 'model-2.safetensors'))).equals(safetensorsBytes({})))
    })
    await withHub({ files: incomplete, lists }, (options) =>
      rejects(fetchModel('org/model', options), 'FILE_NOT_FOUND', /resolve\/\w+ has no model-2\.safetensors/),
    )
    const evil = { ...sharded, 'model.safetensors.index.json': leading }
    await withHub({ files: evil, lists }, async (options) => {
      await rejects(fetchModel('org/model', options), 'CONFIG_INVALID', '../../../evil.safetensors')
      assert.not.ok(paths(options.asked).some((url) => url.includes('evil')))
    })
  }
})

test('the weights that config.json names are fetched, and no others', async () => {
  const config = JSON.stringify({ model_type: 'bert', transformers_weights: 'fp32/other.safetensors' })
  const named = { ...files, 'config.json': config, 'fp32/other.safetensors': weights }
  const { 'fp32/other.safetensors': _, ...missing } = named
  const leading = config.replace('fp32', '..')
  for (const lists of [true, false]) {
    await withHub({ files: named, lists }, async (options) => {
      const got = await filesIn(await fetchModel('org/model', options))
      assert.equal(got, ['config.json', 'fp32/other.safetensors', 'vocab.json'])
    })
    await withHub({ files: missing, lists }, (options) =>
      rejects(fetchModel('org/model', options), 'FILE_NOT_FOUND', /has no fp32\/other\.safetensors$/),
    )
    await withHub({ files: { ...named, 'config.json': leading }, lists }, async (options) => {
      await rejects(fetchModel('org/model', options), 'CONFIG_INVALID', '../other.safetensors')
      assert.not.ok(paths(options.asked).some((url) => url.includes('other')))
    })
  }
})

test('tells progress in the form of transformers.js', async () => {
  await withHub({ files }, async (options) => {
    const told: ProgressInfo[] = []
    await fetchModel('org/model', { ...options, progress: (info) => told.push(info) })
    const mine = told.filter((info) => 'file' in info && info.file === 'model.safetensors')
    assert.is(mine[0]!.status, 'initiate')
    assert.is(mine[1]!.status, 'download')
    assert.is(mine.at(-1)!.status, 'done')
    assert.ok(mine.every((info) => 'name' in info && info.name === 'org/model'))
    const progress = mine.flatMap((info) => (info.status === 'progress' ? [info] : []))
    assert.ok(progress.length >= 2)
    const total = weights.length
    assert.equal(progress.at(-1), {
      ...{ status: 'progress', name: 'org/model', file: 'model.safetensors' },
      ...{ progress: 100, loaded: total, total },
    })
    assert.not.ok(told.some((info) => 'file' in info && info.file === 'tokenizer.json'))
  })
})

test('a revision is part of the URL and of the path in the cache', async () => {
  await withHub({ files, lists: false }, async ({ asked, ...options }) => {
    const dir = await fetchModel('org/model', { ...options, revision: 'refs/pr/1' })
    assert.is(dir, join(options.cacheDir, 'org', 'model', 'refs%2Fpr%2F1'))
    assert.ok(paths(asked)[0]!.startsWith('/api/models/org/model/revision/refs%2Fpr%2F1'))
    assert.ok(paths(asked)[1]!.startsWith('/org/model/resolve/refs%2Fpr%2F1/'))
    const pathTemplate = 'models/{model}/{revision}'
    await rejects(resolveModel('org/model', { ...options, pathTemplate }), 'FILE_NOT_FOUND')
    assert.ok(paths(asked).includes('/models/org/model/main/config.json'))
  })
  for (const revision of ['..', '../x', 'a/../b', '', '/etc', 'a b', 'a//b'])
    await throws(
      () => cacheFolder('org/model', { revision, cacheDir: '/c' }),
      'OPTION_INVALID',
      `got '${revision}'`,
    )
})

test('a name without an organisation', async () => {
  await withHub({ files, name: 'bert-base-uncased' }, async (options) => {
    const { dir } = await resolveModel('bert-base-uncased', options)
    assert.is(dir, join(options.cacheDir, '_', 'bert-base-uncased', aCommit))
    await resolveModel('bert-base-uncased', { ...options, localFilesOnly: true })
  })
})

test('the environment tells the cache, the endpoint, and whether downloads are off', async () => {
  await withVariables({ HF_HOME: '/hf' }, async () => {
    assert.is(cacheFolder('org/model'), join('/hf', 'saccade', 'org', 'model', 'main'))
  })
  await withVariables({ HF_HOME: undefined }, async () => {
    assert.ok(cacheFolder('org/model').endsWith(join('.cache', 'saccade', 'org', 'model', 'main')))
  })
  await withHub({ files }, ({ endpoint, cacheDir, asked }) =>
    withVariables(
      { HF_ENDPOINT: `${endpoint}/`, HF_HUB_OFFLINE: '', TRANSFORMERS_OFFLINE: 'Yes' },
      async () => {
        await rejects(resolveModel('org/model', { cacheDir }), 'FILE_NOT_FOUND', 'downloads are off')
        assert.is(asked.length, 0)
        await resolveModel('org/model', { cacheDir, localFilesOnly: false })
        assert.is(paths(asked)[0], '/api/models/org/model/revision/main?blobs=true')
      },
    ),
  )
})

test('what the Hub does not have is FILE_NOT_FOUND with the URL', async () => {
  for (const lists of [true, false]) {
    await withHub({ files: {}, lists }, (options) =>
      rejects(
        resolveModel('org/model', options),
        ...(['FILE_NOT_FOUND', `no model folder ${join(process.cwd(), 'org/model')}`] as const),
        ...[`${options.endpoint}/org/model/resolve/`, 'has no config.json'],
      ),
    )
    await withHub({ files: { 'config.json': '{}' }, lists }, (options) =>
      rejects(fetchModel('org/model', options), 'FILE_NOT_FOUND', 'has no model.safetensors and no '),
    )
  }
})

test('a download can be aborted, and leaves no partial file', async () => {
  const fault = (
    _: unknown,
    response: { writeHead(...args: unknown[]): unknown; write(text: string): unknown },
    body?: Buffer,
  ) => {
    if (body !== weights && body?.length !== weights.length) return false
    response.writeHead(200, { 'content-length': weights.length })
    response.write('x') // and never the rest
    return true
  }
  await withHub({ files, fault }, async (options) => {
    for (const start of [fetchModel, load]) {
      const controller = new AbortController()
      const reason = new Error('enough')
      const progress = (info: ProgressInfo) => {
        if (info.status === 'download' && info.file === 'model.safetensors')
          setTimeout(() => controller.abort(reason), 20)
      }
      const { asked, ...hub } = options
      const error = await rejects(
        start('org/model', { ...hub, progress, signal: controller.signal }),
        'ABORTED',
      )
      assert.is(error.cause, reason)
      assert.equal(await readdir(join(options.cacheDir, 'org', 'model', aCommit)), ['config.json'])
      await rejects(resolveModel('org/model', { ...hub, signal: AbortSignal.abort() }), 'ABORTED')
    }
  })
})

test('what is on disk comes first, and paths are never looked for on the Hub', async () => {
  await withHub({ files: {} }, async ({ asked, ...options }) => {
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
    const names = [
      './no/model',
      '../model',
      '/no/model',
      './model',
      'a/b/c',
      '~/model',
      'org/',
      'a\0b',
      'a.pth',
    ]
    for (const name of names) await rejects(resolveModel(name, options), 'FILE_NOT_FOUND')
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

test('options of the wrong type', async () => {
  const wrong = {
    revision: 5,
    endpoint: 'ftp://x',
    cacheDir: [],
    localFilesOnly: 'yes',
    token: 7,
    progress: 1,
  }
  for (const [name, value] of Object.entries({ ...wrong, pathTemplate: {} }))
    await rejects(
      resolveModel('org/model', { endpoint: 'http://127.0.0.1:1', [name]: value }),
      'OPTION_INVALID',
      name,
    )
  await rejects(resolveModel('org/model', { endpoint: 'nowhere' }), 'OPTION_INVALID', 'endpoint')
  await rejects(resolveModel('org/model', { endpoint: 'http://u:p@x' }), 'OPTION_INVALID', 'without a user')
})

test('names of the Hub', () => {
  for (const name of [
    ...['org/model', 'a/b', 'Helsinki-NLP/opus-mt-en-ru', 'timm/vit_base_patch16_224.augreg2'],
    ...['bert-base-uncased', 'gpt2'],
  ])
    assert.ok(isHubName(name), name)
  for (const name of [
    'model.safetensors',
    'x/a.pth',
    '/a/b',
    './a',
    'a/b/c',
    '../b',
    'a/..',
    'a/b..c',
    'a b/c',
    'a/b?',
    'a/.b',
    '',
  ])
    assert.not.ok(isHubName(name), name)
})

test.run()
