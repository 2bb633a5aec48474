import { unlessAborted } from '../abort.js'
import { resolveModel } from '../files/folder.js'
import { type HubOptions, hubOptionNames } from '../files/hub/options.js'
import { checkOptions } from '../options.js'
import type { TokenizerOverrides } from './settings.js'
import type { Tokenizer } from './tokenizer.js'

/** Options of {@link loadTokenizer}: those of the Hub, and settings that take the place of the folder's. */
export interface TokenizerOptions extends TokenizerOverrides, HubOptions {}

const optionNames = ['modelMaxLength', 'lowercase', ...hubOptionNames]

/**
 * Reads the tokenizer in a model's folder: tokenizer.json; or source.spm, target.spm and vocab.json (Marian),
 * sentencepiece.bpe.model and vocab.json (M2M100), spiece.model (SigLIP, T5), vocab.txt (BERT), vocab.json and merges.txt (GPT-2, CLIP, BART, RoBERTa); each with
 * tokenizer_config.json and the files beside it, if they exist.
 *
 * @example
 * const tokenizer = await loadTokenizer('models/numbers-en-ru')
 * const { inputIds } = tokenizer.encode('one hundred and two')
 * tokenizer.decode(inputIds, { skipSpecialTokens: true }) // 'one hundred and two'
 *
 * @param model a folder, or a name on the Hub; the weights are not downloaded
 * @throws FILE_NOT_FOUND naming the folder or file; TOKENIZER_INVALID naming the file and the fault; LIMIT_EXCEEDED;
 *   OPTION_INVALID, OPTION_UNKNOWN, ABORTED; DOWNLOAD_FAILED, CACHE_UNWRITABLE
 */
export async function loadTokenizer(model: string | URL, options: TokenizerOptions = {}): Promise<Tokenizer> {
  const { modelMaxLength, lowercase, ...hub } = checkOptions(options, optionNames, 'loadTokenizer')
  const { dir } = await resolveModel(model, hub, 'settings')
  // Imported here, so that a program without texts starts without it.
  const { openTokenizer } = await import('./load.js')
  return unlessAborted(openTokenizer(dir, { modelMaxLength, lowercase }), hub.signal)
}
