import { readGenerationDefaults } from '../../generation/config.js'
import type { GivenOptions } from '../../generation/options.js'
import { type Description, family, type Layout, transformers } from '../family.js'
import { type MarianConfig, readMarianConfig } from './config.js'
import { Marian } from './marian.js'
import { readModules } from './modules.js'

interface MarianDescription extends Description {
  readonly spec: MarianConfig
  readonly defaults: GivenOptions
}

/** What MarianConfig has where config.json says nothing. A null in it means that there is no such token. */
const defaultTokens = { pad_token_id: 58100, eos_token_id: 0 }

/** MarianMTModel and MarianModel of transformers. */
const huggingFace: Layout<MarianDescription> = {
  ...transformers({ marian: 'Marian' }),

  async describe({ config, dir }, reader) {
    const spec = readMarianConfig(config, reader.has('lm_head.weight'))
    const { className, startToken } = spec
    const values = { ...defaultTokens, decoder_start_token_id: startToken, ...config.values }
    return {
      ...{ spec, className },
      tasks: className === 'MarianMTModel' ? ['translation', 'text2text-generation'] : [],
      defaults: await readGenerationDefaults(dir, { ...config, values }),
    }
  },
}

export const marian = family({
  name: 'marian',
  layouts: [huggingFace],
  build: (parts, { spec, defaults }, reader) => new Marian(parts, spec, readModules(reader, spec), defaults),
  reference: async () => (await import('./reference.js')).marianReference,
})
