// generation_config.json: read, then used by a small model.
import { configOf } from '../../../lib/files/config.js'
import { readOptions } from '../../../lib/generation/config.js'
import { type Gpt2, load, Tensor } from '../../../lib/index.js'
import { dataPath, jsonTokens, storedBelow } from '../inputs.js'

export const seeds: readonly Uint8Array[] = [
  ...storedBelow('goldens', /^generation_config\.json$/),
  ...storedBelow('reports', /^generation_config\.json$/),
  new TextEncoder().encode(
    '{"do_sample":true,"temperature":0.7,"top_k":5,"top_p":0.9,"min_p":0.1,"typical_p":0.9,"max_new_tokens":3,"repetition_penalty":1.2,"no_repeat_ngram_size":2,"bad_words_ids":[[1],[2,3]],"sequence_bias":[[[4,5],-1.5]],"suppress_tokens":[6],"exponential_decay_length_penalty":[1,1.1]}',
  ),
  new TextEncoder().encode(
    '{"num_beams":3,"num_return_sequences":2,"length_penalty":0.5,"early_stopping":"never","max_length":9,"min_length":4,"eos_token_id":[1,2],"forced_bos_token_id":3,"forced_eos_token_id":2,"pad_token_id":0,"renormalize_logits":true,"remove_invalid_values":true}',
  ),
]

export const jsonFrom = 0

export const tokens: readonly string[] = [
  ...jsonTokens,
  ...[
    '"num_beams":',
    '"max_length":',
    '"max_new_tokens":',
    '"min_length":',
    '"eos_token_id":',
    '"top_k":',
    '"eta_cutoff":',
  ],
  ...[
    '"epsilon_cutoff":',
    '"encoder_repetition_penalty":',
    '"top_h":',
    '"begin_suppress_tokens":',
    '"do_sample":true,',
  ],
]

const ids = Tensor.from([3, 4, 5], [1, 3], 'int64')
let model: Promise<Gpt2> | undefined

export async function run(bytes: Uint8Array): Promise<void> {
  const given = readOptions(await configOf('generation_config.json', bytes))
  model ??= load<Gpt2>(dataPath('goldens/gpt2-lm'), { threads: 1 })
  // Many beams or tokens take long by right.
  const options = { ...given, maxNewTokens: Math.min(given.maxNewTokens ?? 3, 3) }
  await (await model).generate(
    { inputIds: ids },
    { ...options, numBeams: Math.min(given.numBeams ?? 1, 4), seed: 1 },
  )
}
