import { readGenerationDefaults } from '../../generation/config.js'
import type { GivenOptions } from '../../generation/options.js'
import { type Description, family, type Layout, transformers } from '../family.js'
import { type Gpt2Config, readGpt2Config } from './config.js'
import { Gpt2Decoder } from './decoder.js'
import { Gpt2 } from './gpt2.js'

/** What GPT2Config has where config.json says nothing: <|endoftext|> in the vocabulary of OpenAI. */
const defaultTokens = { bos_token_id: 50256, eos_token_id: 50256 }

/** GPT2LMHeadModel and GPT2Model of transformers. */
const huggingFace: Layout<Description & { readonly spec: Gpt2Config; readonly defaults: GivenOptions }> = {
  ...transformers({ gpt2: 'GPT2' }),
  async describe({ config, dir }, reader) {
    const spec = readGpt2Config(config, reader.has('lm_head.weight'))
    const { className } = spec
    const values = { ...defaultTokens, ...config.values }
    const defaults = await readGenerationDefaults(dir, { ...config, values })
    return { spec, defaults, className, tasks: className === 'GPT2LMHeadModel' ? ['text-generation'] : [] }
  },
}

export const gpt2 = family({
  name: 'gpt2',
  layouts: [huggingFace],
  build: (parts, { spec, defaults }, reader) =>
    new Gpt2(parts, spec, new Gpt2Decoder(reader, spec), defaults),
  reference: async () => (await import('./reference.js')).gpt2Reference,
})
