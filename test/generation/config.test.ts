import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { camelCase } from '../../lib/case.js'
import { readConfig } from '../../lib/files/config.js'
import { readGenerationDefaults } from '../../lib/generation/config.js'
import { rejects } from '../support/errors.js'

const dir = mkdtempSync(join(tmpdir(), 'saccade-generation-'))
const write = (name: string, content: unknown) =>
  writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content))
const read = async () => readGenerationDefaults(dir, await readConfig(dir, 'config.json'))
const readOwn = async (content: unknown) => {
  write('generation_config.json', content)
  return await read()
}

test.before.each(() => {
  rmSync(join(dir, 'generation_config.json'), { force: true })
  write('config.json', {})
})
test.after(() => rmSync(dir, { recursive: true }))

/** Keys of GenerationConfig of transformers 5.18, with values that change a result. */
const supported: Record<string, unknown> = {
  bad_words_ids: [[142]],
  begin_suppress_tokens: [1, 2],
  bos_token_id: 1,
  decoder_start_token_id: 2,
  do_sample: true,
  early_stopping: 'never',
  encoder_no_repeat_ngram_size: 2,
  encoder_repetition_penalty: 1.5,
  eos_token_id: [1, 2],
  epsilon_cutoff: 0.001,
  eta_cutoff: 0.002,
  exponential_decay_length_penalty: [3, 1.8],
  forced_bos_token_id: 5,
  forced_eos_token_id: 0,
  length_penalty: 0.6,
  max_length: 20,
  max_new_tokens: 7,
  min_length: 3,
  min_new_tokens: 2,
  min_p: 0.1,
  no_repeat_ngram_size: 3,
  num_beams: 4,
  num_return_sequences: 2,
  pad_token_id: 0,
  remove_invalid_values: true,
  renormalize_logits: true,
  repetition_penalty: 1.2,
  sequence_bias: [[[1, 2], -3.5]],
  suppress_tokens: [7],
  temperature: 0.7,
  top_h: 0.4,
  top_k: 10,
  top_p: 0.9,
  typical_p: 0.95,
}

/** Keys that saccade refuses, with values that change nothing and values that would. */
const refused: Record<string, [neutral: unknown[], other: unknown]> = {
  assistant_ensemble_weight: [[null], 0.5],
  constraints: [[null], []],
  diversity_penalty: [[null, 0, 0.0], 0.5],
  dola_layers: [[null], 'low'],
  force_words_ids: [[null], [[1]]],
  forced_decoder_ids: [[null], [[1, 5]]],
  guidance_scale: [[null, 1], 1.5],
  max_time: [[null], 3],
  num_beam_groups: [[null, 1], 2],
  penalty_alpha: [[null, 0], 0.6],
  stop_strings: [[null], 'end'],
  token_healing: [[null, false], true],
  watermarking_config: [[null], { bias: 2 }],
}

/** Keys that say how transformers computes, what it returns, or where the file comes from. */
const withoutEffect = [
  ...[
    'use_cache',
    'cache_implementation',
    'cache_config',
    'max_cache_len',
    'prefill_chunk_size',
    'low_memory',
  ],
  ...['compile_config', 'disable_compile', 'continuous_batching_config', 'use_mtp', 'speculation_type'],
  ...[
    'is_assistant',
    'num_assistant_tokens',
    'num_assistant_tokens_schedule',
    'assistant_confidence_threshold',
  ],
  ...['assistant_early_exit', 'assistant_lookbehind', 'target_lookbehind', 'prompt_lookup_num_tokens'],
  ...['max_matching_ngram_size', 'return_dict_in_generate', 'output_attentions', 'output_hidden_states'],
  ...['output_scores', 'output_logits', 'transformers_version', '_from_model_config', '_commit_hash'],
]

test('supported keys are read, each under its name', async () => {
  const named = Object.fromEntries(Object.entries(supported).map(([key, value]) => [camelCase(key), value]))
  assert.equal(await readOwn(supported), named)
})

test('unsupported keys are accepted with the value that has no effect, and with no other', async () => {
  for (const [key, [neutral, other]] of Object.entries(refused)) {
    for (const value of neutral) assert.equal(await readOwn({ [key]: value }), {}, key)
    const message = new RegExp(`generation_config\\.json, "${key}".*no such option`)
    await rejects(() => readOwn({ [key]: other }), 'CONFIG_INVALID', message)
  }
})

test('keys without effect on the text pass with any value, known or not', async () => {
  for (const key of [...withoutEffect, 'seed', 'my_own_key'])
    for (const value of [true, 7, 'text', null]) assert.equal(await readOwn({ [key]: value }), {}, key)
})

test('the page lists every key, and says what becomes of it', () => {
  const page = readFileSync(new URL('../../docs/generation.md', import.meta.url), 'utf8')
  const [, own = '', without = ''] = page.split(/^### /m)
  const section = (text: string, keys: string[]) =>
    assert.equal(
      keys.filter((key) => !text.includes(`\`${key}\``)),
      [],
    )
  section(page.slice(0, page.indexOf('### ')), Object.keys(supported))
  section(own, Object.keys(refused))
  section(without, withoutEffect)
})

test('values of the wrong kind are refused by file and key', async () => {
  for (const [content, message] of [
    ['{', /generation_config\.json, line 1/],
    [[], /generation_config\.json.*object/],
    [{ num_beams: 'four' }, /generation_config\.json, "num_beams".*whole number.*four/],
    [{ eos_token_id: -1 }, /"eos_token_id".*token id/],
    [{ typical_p: 1.5 }, /"typical_p"/],
    [{ sequence_bias: { '1': 2 } }, /"sequence_bias"/],
    [{ decoder_start_token_id: [1, 2] }, /"decoder_start_token_id"/],
  ] as const)
    await rejects(() => readOwn(content), 'CONFIG_INVALID', message)
})

test('counts over a limit are refused by file and key', async () => {
  for (const [content, message] of [
    [{ num_beams: 2147483647 }, /generation_config\.json, "num_beams": expected at most 128.*'beams'/],
    [{ num_return_sequences: 1e12 }, /"num_return_sequences": expected at most 1024/],
    [{ suppress_tokens: new Array(100_001).fill(1) }, /"suppress_tokens": expected at most 100000/],
    [{ eos_token_id: new Array(65).fill(1) }, /"eos_token_id": expected at most 64/],
  ] as const)
    await rejects(() => readOwn(content), 'LIMIT_EXCEEDED', message)
})

test('null takes a default away; what sampling alone refuses passes', async () => {
  assert.equal(await readOwn({ top_k: null, pad_token_id: null, temperature: 0 }), {
    topK: null,
    padTokenId: null,
    temperature: 0,
  })
})

test('config.json is not looked at where generation_config.json is there', async () => {
  write('config.json', { num_beams: 9, forced_bos_token_id: 3, diversity_penalty: 2 })
  assert.equal(await readOwn({ num_beams: 4 }), { numBeams: 4 })
})

test('without it config.json tells, and its decoder what it leaves out', async () => {
  write('config.json', {
    d_model: 8,
    max_length: 20,
    eos_token_id: [1, 2],
    pad_token_id: null,
    num_beam_groups: 1,
    decoder: { eos_token_id: 9, pad_token_id: 5, num_beams: 1 },
  })
  assert.equal(await read(), { maxLength: 20, eosTokenId: [1, 2], padTokenId: 5, numBeams: 1 })
  write('config.json', { num_beam_groups: 3 })
  await rejects(read, 'CONFIG_INVALID', /[^_]config\.json, "num_beam_groups"/)
  write('config.json', { text_config: { watermarking_config: {} } })
  await rejects(read, 'CONFIG_INVALID', /"text_config\.watermarking_config"/)
  write('config.json', { bos_token_id: 3, force_bos_token_to_be_generated: true })
  assert.equal(await read(), { bosTokenId: 3, forcedBosTokenId: 3 })
})

test.run()
