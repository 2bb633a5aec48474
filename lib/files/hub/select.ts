/** Configs of a model, of which it has at least one. */
export const configFileNames = ['config.json', 'open_clip_config.json']

/** The other files that loaders read, but modules.json and its folders, for endpoints that do not list their files. */
export const sideFileNames = [
  'preprocessor_config.json',
  'processor_config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'target_vocab.json',
  'vocab.txt',
  'merges.txt',
  'source.spm',
  'target.spm',
  'spiece.model',
  'sentencepiece.bpe.model',
  'tokenizer.model',
  'sentence_bert_config.json',
  'config_sentence_transformers.json',
]

/**
 * Whether a file of a list may be one that a loader reads beside config and weights: configs, vocabularies and tokenizers,
 * under any name, but not what other frameworks or a training left there.
 */
export function isSideFile(name: string): boolean {
  if (name.startsWith('.') || name.endsWith('.index.json') || configFileNames.includes(name)) return false
  return /(?:config|vocab|merges|token|modules).*\.(?:json|txt)$|\.(?:spm|model)$/.test(name)
}
