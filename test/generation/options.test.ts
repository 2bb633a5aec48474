import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readGenerationConfig } from '../../lib/generation/config-file.js'
import { type GenerateCall, generate } from '../../lib/generation/generate.js'
import { ToyStepper } from './toy-stepper.js'

async function codeOf(run: () => Promise<unknown>): Promise<[string, string]> {
  try {
    await run()
  } catch (error) {
    return [(error as { code: string }).code, (error as Error).message]
  }
  throw new Error('expected an error')
}

const stepper = () => new ToyStepper(9, 1, [1])

test('wrong options are refused by name before the model runs', async () => {
  const wrong: [Record<string, unknown>, string, RegExp][] = [
    [{ max_length: 5 }, 'OPTION_UNKNOWN', /'max_length'/],
    [{ maxLength: 0 }, 'OPTION_INVALID', /maxLength.*got 0/],
    [{ maxLength: 1 }, 'OPTION_INVALID', /maxLength.*prompt/],
    [{ maxLength: '9' }, 'OPTION_INVALID', /maxLength.*'9'/],
    [{ numBeams: 1.5 }, 'OPTION_INVALID', /numBeams/],
    [{ numBeams: 2, numReturnSequences: 3 }, 'OPTION_INVALID', /numReturnSequences.*numBeams/],
    [{ numReturnSequences: 2 }, 'OPTION_INVALID', /numReturnSequences.*greedy/],
    [{ earlyStopping: 'always' }, 'OPTION_INVALID', /earlyStopping/],
    [{ badWordsIds: [[]] }, 'OPTION_INVALID', /badWordsIds/],
    [{ badWordsIds: [1] }, 'OPTION_INVALID', /badWordsIds/],
    [{ badWordsIds: [[9]] }, 'TOKEN_OUT_OF_RANGE', /badWordsIds.*9/],
    [{ forcedEosTokenId: 12 }, 'TOKEN_OUT_OF_RANGE', /forcedEosTokenId.*12/],
    [{ decoderStartTokenId: 9 }, 'TOKEN_OUT_OF_RANGE', /decoderStartTokenId/],
    [{ temperature: 0 }, 'OPTION_INVALID', /temperature/],
    [{ topP: 1.1 }, 'OPTION_INVALID', /topP/],
    [{ topK: -1 }, 'OPTION_INVALID', /topK/],
    [{ repetitionPenalty: Number.NaN }, 'OPTION_INVALID', /repetitionPenalty/],
    [{ eosTokenId: -1 }, 'OPTION_INVALID', /eosTokenId/],
    [{ prompts: [] }, 'EMPTY_BATCH', /prompts/],
    [{ prompts: [[1], [1, 2]] }, 'OPTION_INVALID', /prompts/],
    [{ prompts: [[1]], sources: 2 }, 'OPTION_INVALID', /prompts.*2/],
    [{ sources: 0 }, 'OPTION_INVALID', /sources/],
    [{ numBeams: 2, onToken: () => {} }, 'OPTION_INVALID', /onToken/],
  ]
  for (const [options, code, message] of wrong) {
    const model = stepper()
    const found = await codeOf(() => generate(model, { decoderStartTokenId: 8, ...options } as GenerateCall))
    assert.is(found[0], code, found[1])
    assert.match(found[1], message)
    assert.is(model.steps, 0)
  }
  assert.is((await codeOf(() => generate(stepper(), {})))[0], 'OPTION_INVALID')
})

test('lengths: new tokens before the whole length, twenty by default', async () => {
  const lengthOf = async (options: GenerateCall) =>
    (await generate(stepper(), { prompts: [[1, 2]], ...options })).sequences[0]!.length
  assert.is(await lengthOf({}), 22)
  assert.is(await lengthOf({ maxLength: 7 }), 7)
  assert.is(await lengthOf({ maxNewTokens: 7 }), 9)
  assert.is(await lengthOf({ maxLength: 30, maxNewTokens: 3 }), 5)
})

const dir = mkdtempSync(join(tmpdir(), 'saccade-generation-'))
const write = (name: string, content: unknown) =>
  writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))

test.before.each(() => {
  rmSync(join(dir, 'generation_config.json'), { force: true })
  rmSync(join(dir, 'config.json'), { force: true })
})
test.after(() => rmSync(dir, { recursive: true }))

test('generation_config.json is read alone where it is there', async () => {
  write('config.json', { num_beams: 9, forced_bos_token_id: 3 })
  write('generation_config.json', {
    bad_words_ids: [[142]],
    eos_token_id: 0,
    forced_eos_token_id: 0,
    max_length: 11,
    num_beams: 4,
    top_k: null,
    transformers_version: '4.57.6',
    use_cache: true,
  })
  assert.equal(await readGenerationConfig(dir), {
    maxLength: 11,
    numBeams: 4,
    badWordsIds: [[142]],
    forcedEosTokenId: 0,
    eosTokenId: 0,
  })
})

test('without it config.json tells, and its decoder what it leaves out', async () => {
  write('config.json', {
    d_model: 8,
    max_length: 20,
    eos_token_id: [1, 2],
    pad_token_id: null,
    decoder: { eos_token_id: 9, pad_token_id: 5, num_beams: 1 },
  })
  assert.equal(await readGenerationConfig(dir), { eosTokenId: [1, 2], padTokenId: 5, numBeams: 1 })
  rmSync(join(dir, 'config.json'))
  assert.equal(await readGenerationConfig(dir), {})
})

test('bad files are refused by name', async () => {
  const refused = async (content: unknown, message: RegExp) => {
    write('generation_config.json', content)
    const [code, text] = await codeOf(() => readGenerationConfig(dir))
    assert.is(code, 'CONFIG_INVALID')
    assert.match(text, /generation_config\.json/)
    assert.match(text, message)
  }
  await refused('{', /JSON/)
  await refused([], /object/)
  await refused({ num_beams: 'four' }, /numBeams/)
  await refused({ num_beam_groups: 2 }, /num_beam_groups/)
  await refused({ typical_p: 0.5 }, /typical_p/)
  write('generation_config.json', { num_beam_groups: 1, typical_p: 1.0, diversity_penalty: 0 })
  assert.equal(await readGenerationConfig(dir), {})
})

test.run()
