import { readGenerationDefaults } from '../../generation/config.js'
import type { GivenOptions } from '../../generation/options.js'
import { type Description, family, type Layout } from '../family.js'
import { type MarianConfig, readMarianConfig } from './config.js'
import { Marian } from './marian.js'
import { readModules } from './modules.js'

interface MarianDescription extends Description {
  readonly spec: MarianConfig
  readonly defaults: GivenOptions
}

/** MarianMTModel and MarianModel of transformers. */
const huggingFace: Layout<MarianDescription> = {
  library: 'transformers',
  published: ['marian'],
  claims: (name) => name === 'marian',

  async describe({ config, dir }, reader) {
    const spec = readMarianConfig(config, reader.has('lm_head.weight'))
    const { className, startToken, padToken, endToken } = spec
    return {
      ...{ spec, className },
      tasks: className === 'MarianMTModel' ? ['translation', 'text2text-generation'] : [],
      defaults: {
        ...{ decoderStartTokenId: startToken, padTokenId: padToken, eosTokenId: endToken },
        ...(await readGenerationDefaults(dir, config)),
      },
    }
  },
}

export const marian = family(
  'marian',
  [huggingFace],
  (parts, { spec, defaults }, reader) => new Marian(parts, spec, readModules(reader, spec), defaults),
)
