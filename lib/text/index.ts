import type { TokenizerOverrides } from './settings.js'
import type { Tokenizer } from './tokenizer.js'

/**
 * Reads the tokenizer in a model's folder: tokenizer.json; or source.spm, target.spm and vocab.json (Marian),
 * spiece.model (SigLIP, T5), vocab.txt (BERT), vocab.json and merges.txt (GPT-2, CLIP, BART, RoBERTa); each with
 * tokenizer_config.json and the files beside it, if they exist.
 *
 * @example
 * const tokenizer = await loadTokenizer('models/numbers-en-ru')
 * const { inputIds } = tokenizer.encode('one hundred and two')
 * tokenizer.decode(inputIds, { skipSpecialTokens: true }) // 'one hundred and two'
 *
 * @param overrides settings that take the place of the folder's
 * @throws FILE_NOT_FOUND naming the folder or file, TOKENIZER_INVALID naming the file and the fault, LIMIT_EXCEEDED
 */
export async function loadTokenizer(dir: string, overrides?: TokenizerOverrides): Promise<Tokenizer> {
  // Imported here, so that a program without texts starts without it.
  const load = await import('./load.js')
  return load.loadTokenizer(dir, overrides)
}
