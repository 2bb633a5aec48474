// tokenizer.json, with the settings of tokenizer_config.json and its companions unchanged: read, then used on texts.
import { configOf } from '../../../lib/files/config.js'
import { jsonTokenizer } from '../../../lib/text/kinds/json-tokenizer.js'
import { readSettings } from '../../../lib/text/settings.js'
import { Tokenizer } from '../../../lib/text/tokenizer.js'
import { dataPath, jsonTokens, stored } from '../inputs.js'

const names = ['bert-cased', 'gpt2', 't5', 'clip', 'bart-florence2']

/** The first byte selects the settings. */
export const seeds: readonly Uint8Array[] = names.flatMap((name, index) =>
  stored(`goldens/tokenizers/${name}/tokenizer.json`).map((json) => Buffer.concat([Buffer.of(index), json])),
)

const component = (type: string, rest = '') => `{"type":"${type}"${rest}},`
export const jsonFrom = 1

export const tokens: readonly string[] = [
  ...jsonTokens,
  ...[
    'Sequence',
    'Replace',
    'Prepend',
    'Split',
    'Punctuation',
    'Digits',
    'ByteLevel',
    'Metaspace',
    'Precompiled',
  ],
  ...[
    'Strip',
    'Fuse',
    'ByteFallback',
    'CTC',
    'WordPiece',
    'BPE',
    'Unigram',
    'WordLevel',
    'TemplateProcessing',
  ],
  ...['BertProcessing', 'RobertaProcessing', 'NFKC', 'StripAccents', 'UnicodeScripts', 'Whitespace'].map(
    (type) => component(type),
  ),
  component('Replace', ',"pattern":{"Regex":"(a|b)*?c+"},"content":"xx"'),
  component('Split', ',"pattern":{"Regex":"\\\\p{L}+(?=x)|[^\\\\s]"},"behavior":"Isolated","invert":false'),
  ...[
    '(?=',
    '(?!',
    '[^',
    '&&',
    '\\\\p{',
    '{2,}',
    '*+',
    '??',
    '|',
    ')',
    '(?i)',
    '"single":',
    '"special":true',
  ],
]

const settings = await Promise.all(names.map((name) => readSettings(dataPath(`goldens/tokenizers/${name}`))))

export async function run(bytes: Uint8Array): Promise<void> {
  const chosen = settings[(bytes[0] ?? 0) % settings.length]!
  const json = await configOf('tokenizer.json', bytes.subarray(1), 'TOKENIZER_INVALID')
  const tokenizer = new Tokenizer(await jsonTokenizer(json, chosen), chosen)
  const { inputIds } = tokenizer.encode(
    `A small red circle, isn't it? ${'ab'.repeat(60)} кот <pad></s> 你好 ①`,
  )
  tokenizer.decode(inputIds)
  tokenizer.decode(inputIds, { skipSpecialTokens: true })
  tokenizer.call(['a', 'b c'], {
    padding: tokenizer.padTokenId !== undefined,
    truncation: true,
    maxLength: 8,
    textPair: ['d', ''],
  })
}
