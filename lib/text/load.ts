import { join, resolve } from 'node:path'
import { invalid, SaccadeError } from '../errors.js'
import { readConfig } from '../files/config.js'
import { exists } from '../files/file.js'
import { checkFlags, optionInvalid } from '../options.js'
import type { TokenizerCore } from './core.js'
import { jsonTokenizer } from './kinds/json-tokenizer.js'
import { loadM2m100 } from './kinds/m2m100.js'
import { loadMarian } from './kinds/marian.js'
import { fromMergesTxt, fromSpieceModel, fromVocabTxt } from './kinds/older-files.js'
import { loadSiglip } from './kinds/siglip.js'
import { readSettings, type TokenizerOverrides, type TokenizerSettings } from './settings.js'
import { Tokenizer } from './tokenizer.js'

/** As loadTokenizer of the room's index, which has the documentation, for a folder. */
export async function openTokenizer(dir: string, overrides: TokenizerOverrides = {}): Promise<Tokenizer> {
  checkFlags(overrides, ['lowercase'], 'loadTokenizer')
  const { modelMaxLength = 1 } = overrides
  if (!(typeof modelMaxLength === 'number' && modelMaxLength >= 1))
    optionInvalid('loadTokenizer: modelMaxLength', modelMaxLength, 'a number of tokens, 1 or more')
  if (!(await exists(dir))) throw new SaccadeError('FILE_NOT_FOUND', `${dir} does not exist`)
  const settings = await readSettings(dir, overrides)
  return new Tokenizer(await loadCore(dir, settings), settings, { dir: resolve(dir), overrides })
}

async function loadCore(dir: string, settings: TokenizerSettings): Promise<TokenizerCore> {
  const has = (name: string) => exists(join(dir, name))
  // Marian, SigLIP and M2M100 publish no tokenizer.json; one beside their files is an approximation by others.
  if ((await has('source.spm')) || (await has('target.spm'))) return await loadMarian(dir, settings)
  if (settings.className === 'SiglipTokenizer' && (await has('spiece.model')))
    return await loadSiglip(dir, settings)
  if (settings.className === 'M2M100Tokenizer' && (await has('sentencepiece.bpe.model')))
    return await loadM2m100(dir, settings)
  if (await has('tokenizer.json'))
    return jsonTokenizer(await readConfig(dir, 'tokenizer.json', 'TOKENIZER_INVALID'), settings)
  if (await has('spiece.model')) return jsonTokenizer(await fromSpieceModel(dir, settings), settings)
  if (await has('vocab.txt')) return jsonTokenizer(await fromVocabTxt(dir, settings), settings)
  if (await has('merges.txt')) return jsonTokenizer(await fromMergesTxt(dir, settings), settings)
  const files = 'tokenizer.json, source.spm, spiece.model, vocab.txt or merges.txt'
  throw invalid('FILE_NOT_FOUND', dir, files, 'no tokenizer')
}
