import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { show } from '../../lib/errors.js'
import { openCheckpoint } from '../../lib/weights/checkpoint.js'
import { readSafetensors } from '../../lib/weights/safetensors.js'
import { dataPath, inFolder, rejects, writeSafetensors } from './build.js'

const golden = dataPath('goldens/vit-sharded')
const indexName = 'model.safetensors.index.json'

const tensor = (name: string) => ({ name, dtype: 'F32', shape: [1], data: Float32Array.of(1) }) as const

/** Opens a folder with two shards that hold a and b, and c and the extra names, and this map. */
function open(weightMap: unknown, ...extra: string[]) {
  return inFolder(async (dir) => {
    await writeSafetensors(join(dir, 'model-1.safetensors'), [tensor('a'), tensor('b')])
    await writeSafetensors(join(dir, 'model-2.safetensors'), ['c', ...extra].map(tensor))
    await writeFile(
      join(dir, indexName),
      JSON.stringify({ metadata: { total_size: 12 }, weight_map: weightMap }),
    )
    return openCheckpoint(dir)
  })
}

const good = { a: 'model-1.safetensors', b: 'model-1.safetensors', c: 'model-2.safetensors' }

test('a published model in shards', async () => {
  const checkpoint = await openCheckpoint(golden)
  assert.is(checkpoint.path, join(golden, indexName))
  assert.is(checkpoint.files.length, 4)
  assert.ok(checkpoint.has('vit.embeddings.cls_token'))
  const [first] = (await readSafetensors(checkpoint.files[0]!)).tensors
  assert.equal(checkpoint.info(first!.name).shape, first!.shape)
})

test('shards and index that agree', async () => {
  assert.equal((await open(good)).names().sort(), ['a', 'b', 'c'])
})

test('a tensor of a shard that the index leaves out', async () => {
  assert.equal((await open({ a: good.a, c: good.c })).names().sort(), ['a', 'b', 'c'])
})

test('a tensor that two shards hold is taken from the last', async () => {
  for (const map of [good, { ...good, b: 'model-2.safetensors' }, { a: good.a, c: good.c }]) {
    const checkpoint = await open(map, 'b')
    assert.equal(checkpoint.names().sort(), ['a', 'b', 'c'])
    assert.match(checkpoint.info('b').file, /model-2\.safetensors$/)
  }
})

test('shards and index that do not agree', async () => {
  const { c: _, ...less } = good
  await rejects(
    open({ ...less, b: 'model-2.safetensors' }),
    'WEIGHTS_CORRUPT',
    /model-1\.safetensors holds b.*into model-2/,
  )
  await rejects(
    open({ ...good, d: 'model-2.safetensors' }),
    'WEIGHTS_CORRUPT',
    'puts d into model-2.safetensors',
  )
  await rejects(
    open({ ...good, c: 'model-3.safetensors' }),
    'FILE_NOT_FOUND',
    'model-3.safetensors does not exist',
  )
})

test('names of shards that lead elsewhere, or are none', async () => {
  for (const name of [
    ...['../x.safetensors', '/etc/x.safetensors', 'a/x.safetensors', 'a\\x.safetensors', 'x', '.safetensors'],
    ...['x.json', 'model.safetensors.index.json', 'x.safetensors\0', '\nx.safetensors', 'x.safetensors\n'],
    ...[5, null, ['x.safetensors'], ''],
  ])
    await rejects(
      open({ ...good, c: name }),
      'CONFIG_INVALID',
      indexName,
      `"weight_map.c": expected`,
      show(name),
    )
  for (const map of [undefined, [], 'x']) await rejects(open(map), 'CONFIG_INVALID', 'weight_map')
})

test.run()
