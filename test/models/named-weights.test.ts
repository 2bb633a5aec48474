// transformers_weights of config.json names the file to read, as in transformers 5: it comes before every usual name.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { makeConfig } from '../../lib/files/config.js'
import { namedWeights } from '../../lib/files/named-weights.js'
import { load } from '../../lib/models/load.js'
import { dataPath, inFolder, rejects } from '../weights/build.js'

const golden = dataPath('goldens/vit-half')

/** A folder whose model.safetensors is of another model. */
function withOthers(keys: Record<string, unknown>, use: (dir: string) => Promise<unknown>): Promise<void> {
  return inFolder(async (dir) => {
    const config = JSON.parse(await readFile(join(golden, 'config.json'), 'utf8'))
    await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, ...keys }))
    await copyFile(dataPath('goldens/bert-model/model.safetensors'), join(dir, 'model.safetensors'))
    await mkdir(join(dir, 'fp32'))
    for (const name of ['best.safetensors', 'fp32/best.safetensors'])
      await copyFile(join(golden, 'model.safetensors'), join(dir, name))
    const index = { weight_map: await weightMap('best.safetensors') }
    await writeFile(join(dir, 'best.safetensors.index.json'), JSON.stringify(index))
    await use(dir)
  })
}

async function weightMap(file: string): Promise<Record<string, string>> {
  using model = await load(golden)
  return Object.fromEntries(model.checkpoint.names().map((name) => [name, file]))
}

test('the named file is read: in the folder, below it, or an index of shards', async () => {
  for (const name of ['best.safetensors', 'fp32/best.safetensors', 'best.safetensors.index.json'])
    await withOthers({ transformers_weights: name }, async (dir) => {
      using model = await load(dir)
      assert.is(model.checkpoint.path, join(dir, name))
    })
  await withOthers({ transformers_weights: null }, (dir) => rejects(load(dir), 'TENSOR_MISSING', 'cls_token'))
})

test('the weights that the user names come first', async () => {
  await withOthers({ transformers_weights: 'none.safetensors' }, async (dir) => {
    await rejects(load(dir), 'FILE_NOT_FOUND', join(dir, 'none.safetensors'))
    using model = await load(join(dir, 'best.safetensors'))
    assert.is(model.checkpoint.path, join(dir, 'best.safetensors'))
  })
})

test('what is no file of the folder in safetensors is refused', async () => {
  const refused = ['../best.safetensors', '/best.safetensors', 'pytorch_model.bin', 'adapter_model.bin', 7]
  for (const name of [...refused, 'fp32/best.safetensors.index.json', 'a/../best.safetensors'])
    await withOthers({ transformers_weights: name }, (dir) =>
      rejects(load(dir), 'CONFIG_INVALID', 'transformers_weights', String(name)),
    )
})

test("timm's configs have no such key", () => {
  const values = { architecture: 'vit_tiny_patch16_224', transformers_weights: 'best.safetensors' }
  assert.is(namedWeights(makeConfig('config.json', values)), undefined)
  assert.is(
    namedWeights(makeConfig('config.json', { ...values, model_type: 'timm_wrapper' })),
    'best.safetensors',
  )
})

test.run()
