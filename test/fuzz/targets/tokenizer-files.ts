// The other files of tokenizers, written to a folder: the first byte selects the folder and its file.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openTokenizer } from '../../../lib/text/load.js'
import { dataPath, jsonTokens } from '../inputs.js'

const sources: readonly (readonly [folder: string, file: string, without?: string])[] = [
  ['bert-cased', 'vocab.txt', 'tokenizer.json'],
  ['gpt2', 'merges.txt', 'tokenizer.json'],
  ['gpt2', 'vocab.json', 'tokenizer.json'],
  ['gpt2', 'tokenizer_config.json', 'tokenizer.json'],
  ['clip', 'merges.txt', 'tokenizer.json'],
  ['bart-florence2', 'tokenizer_config.json'],
  ['bart-florence2', 'added_tokens.json', 'tokenizer_config.json'],
  ['bert-cased', 'special_tokens_map.json', 'tokenizer_config.json'],
  ['marian', 'vocab.json'],
  ['marian', 'tokenizer_config.json'],
  ['siglip', 'tokenizer_config.json'],
  ['t5', 'tokenizer_config.json', 'tokenizer.json'],
]
const pathOf = (folder: string, file: string) => dataPath(`goldens/tokenizers/${folder}/${file}`)

export const seeds: readonly Uint8Array[] = sources.map(([folder, file], index) =>
  Buffer.concat([Buffer.of(index), readFileSync(pathOf(folder, file))]),
)

export const jsonFrom = 1

export const tokens: readonly string[] = [
  ...jsonTokens,
  ...['"content":"a"', '"special":true', '"added_tokens_decoder":', '"model_max_length":', '"pad_token":'],
  ...[
    '"tokenizer_class":',
    'BertTokenizer',
    'GPT2Tokenizer',
    '"extra_ids":',
    '\n',
    '\r\n',
    ' ',
    '##',
    '</w>',
    '#version',
  ],
]

const folders = new Map<number, string>()
process.once('exit', () => {
  for (const folder of folders.values()) rmSync(folder, { recursive: true, force: true })
})

/** A copy of the folder of a source. */
function folderOf(index: number): string {
  const dir = folders.get(index) ?? mkdtempSync(join(tmpdir(), 'saccade-fuzz-'))
  if (folders.has(index)) return dir
  folders.set(index, dir)
  const [folder, , without] = sources[index]!
  cpSync(pathOf(folder, ''), dir, { recursive: true })
  if (without) rmSync(join(dir, without))
  return dir
}

export async function run(bytes: Uint8Array): Promise<void> {
  const index = (bytes[0] ?? 0) % sources.length
  const dir = folderOf(index)
  writeFileSync(join(dir, sources[index]![1]), bytes.subarray(1))
  const tokenizer = await openTokenizer(dir)
  const { inputIds } = tokenizer.encode("A small red circle, isn't it? <pad> кот </s>", { pair: 'aaaa' })
  tokenizer.decode(inputIds)
  tokenizer.call(['a', 'b c'], {
    padding: tokenizer.padTokenId !== undefined,
    truncation: true,
    maxLength: 8,
  })
}
