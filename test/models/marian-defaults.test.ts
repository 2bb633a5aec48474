// Where the tokens of a translator stand. Expected: MarianMTModel.generate of transformers 5.18, which takes
// generation_config.json alone where there is one, and the keys of config.json otherwise.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { load, type Marian, Tensor } from '../../lib/index.js'
import { rejects } from '../support/errors.js'
import { golden, withKeys } from '../support/folders.js'

/** What the model of a changed folder has as defaults. @param generation undefined: no generation_config.json */
async function opened(config: Record<string, unknown>, generation: object | undefined): Promise<Marian> {
  const dir = withKeys(golden('marian-mt'), config)
  const file = join(dir, 'generation_config.json')
  if (generation) writeFileSync(file, JSON.stringify(generation))
  else rmSync(file)
  return await load<Marian>(dir)
}

const written = async (model: Marian) => {
  const inputIds = Tensor.from([40, 41, 42, 0], [1, 4], 'int64')
  return (await model.generate({ inputIds }, { maxNewTokens: 3 })).sequences[0]!
}

test('config.json may list end tokens, and null means that there is none', async () => {
  using several = await opened({ eos_token_id: [0, 5] }, undefined)
  assert.equal(several.generationDefaults.eosTokenId, [0, 5])
  using none = await opened({ eos_token_id: null }, undefined)
  assert.is(none.generationDefaults.eosTokenId, undefined)
})

test('generation_config.json alone tells, if there is one', async () => {
  using model = await opened({}, { eos_token_id: 7, decoder_start_token_id: 142 })
  assert.equal(model.generationDefaults, { eosTokenId: 7, decoderStartTokenId: 142 })
  using begins = await opened({}, { bos_token_id: 3 })
  assert.is((await written(begins))[0], 3)
  using nothing = await opened({}, { num_beams: 1 })
  await rejects(() => written(nothing), 'OPTION_INVALID', /decoderStartTokenId/)
})

test.run()
