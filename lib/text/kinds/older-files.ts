import { join } from 'node:path'
import { invalid, show } from '../../errors.js'
import { boolean, type Config, makeConfig, nonNegativeInt, readConfig } from '../../files/config.js'
import { readBytes, readText } from '../../files/read.js'
import type { Turns } from '../../turns.js'
import { isBert, type SpecialRole } from '../class-defaults.js'
import { parseMerges } from '../models/byte-pair.js'
import { buildTurns } from '../models/model.js'
import { pieceKinds } from '../sentencepiece/model-file.js'
import { SentencePiece } from '../sentencepiece/sentencepiece.js'
import type { TokenizerSettings } from '../settings.js'

/** BERT: vocab.txt, a token a line. Like the functions below, returns what a tokenizer.json would hold. */
export async function fromVocabTxt(dir: string, settings: TokenizerSettings): Promise<Config> {
  const path = join(dir, 'vocab.txt')
  if (!isBert(settings.className)) unsupported(dir, settings, 'vocab.txt')
  const lines = (await readText(path, 'TOKENIZER_INVALID')).split('\n')
  if (lines.at(-1) === '') lines.pop()
  const vocab = await idsOf(lines, (line) => line.replace(/\r$/, ''), buildTurns())
  const { token, id } = specialTokens(settings, (text) => vocab.get(text), path)
  return built(path, {
    // jsonTokenizer adds the options of tokenizer_config.json for case and accents.
    normalizer: { type: 'BertNormalizer' },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'BertProcessing',
      cls: [token('cls'), id('cls')],
      sep: [token('sep'), id('sep')],
    },
    decoder: { type: 'WordPiece' },
    model: { type: 'WordPiece', vocab, unk_token: token('unk') },
  })
}

/** GPT-2, CLIP, BART and RoBERTa: vocab.json and merges.txt. */
export async function fromMergesTxt(dir: string, settings: TokenizerSettings): Promise<Config> {
  const { file: path, values: vocab } = await readConfig(dir, 'vocab.json', 'TOKENIZER_INVALID')
  const mergesPath = join(dir, 'merges.txt')
  const merges = await parseMerges(await readText(mergesPath, 'TOKENIZER_INVALID'), mergesPath, buildTurns())
  const idOf = (text: string) => (Object.hasOwn(vocab, text) ? vocab[text] : undefined)
  const { token, id } = specialTokens(settings, idOf, path)
  const around = (cls: SpecialRole, sep: SpecialRole) => ({
    type: 'RobertaProcessing',
    cls: [token(cls), id(cls)],
    sep: [token(sep), id(sep)],
  })
  const bytes = { pre_tokenizer: { type: 'ByteLevel' }, decoder: { type: 'ByteLevel' } }
  const model = { type: 'BPE', vocab, merges }
  switch (settings.className) {
    case 'GPT2Tokenizer':
      return built(path, { ...bytes, post_processor: gpt2Template(settings, token, id), model })
    case 'BartTokenizer':
    case 'RobertaTokenizer':
      return built(path, { ...bytes, post_processor: around('cls', 'sep'), model })
    case 'CLIPTokenizer':
      return built(path, {
        ...clipText,
        decoder: bytes.decoder,
        post_processor: around('bos', 'eos'),
        model: { ...model, unk_token: token('unk'), end_of_word_suffix: '</w>' },
      })
    default:
      return unsupported(dir, settings, 'vocab.json and merges.txt')
  }
}

function gpt2Template(
  settings: TokenizerSettings,
  token: (role: SpecialRole) => string,
  id: (role: SpecialRole) => number,
): unknown {
  if (!boolean(settings.config, 'add_bos_token', false)) return null
  const bos = token('bos')
  const items = [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }]
  return {
    type: 'TemplateProcessing',
    single: items,
    pair: [...items, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { [bos]: { ids: [id('bos')] } },
  }
}

const clipText = {
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFC' },
      { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
      { type: 'Lowercase' },
    ],
  },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      {
        type: 'Split',
        pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
        behavior: 'Removed',
        invert: true,
      },
      { type: 'ByteLevel' },
    ],
  },
}

/** T5: spiece.model; the sentinels <extra_id_99> to <extra_id_0> follow its pieces. */
export async function fromSpieceModel(dir: string, settings: TokenizerSettings): Promise<Config> {
  const path = join(dir, 'spiece.model')
  if (settings.className !== 'T5Tokenizer') unsupported(dir, settings, 'spiece.model')
  const turns = buildTurns()
  const { file } = await SentencePiece.read(await readBytes(path), path, turns)
  if (file.algorithm !== 'unigram')
    throw invalid('TOKENIZER_INVALID', path, 'a unigram model, as T5 has', file.algorithm)
  const sentinels = nonNegativeInt(settings.config, 'extra_ids', 100)
  const vocab: [string, number][] = []
  const added: unknown[] = []
  await turns.each(file.pieces, ({ text: content, score, kind }, at) => {
    vocab.push([content, score])
    const special = kind === pieceKinds.control
    if (special || kind === pieceKinds.userDefined)
      added.push({ id: at, content, special, normalized: false })
  })
  for (let i = sentinels - 1; i >= 0; i--) vocab.push([`<extra_id_${i}>`, 0])
  const ids = await idsOf(vocab, ([text]) => text, turns)
  const { token, id } = specialTokens(settings, (text) => ids.get(text), path)
  const eos = { SpecialToken: { id: token('eos'), type_id: 0 } }
  const text = (name: string) => ({ Sequence: { id: name, type_id: 0 } })
  const charsMap = Buffer.from(file.normalizer.charsMap).toString('base64')
  const legacy = boolean(settings.config, 'legacy', true)
  for (let i = 0; i < sentinels; i++)
    added.push({
      id: ids.get(`<extra_id_${i}>`)!,
      content: `<extra_id_${i}>`,
      special: true,
      normalized: false,
    })
  const spaces = { type: 'Metaspace', replacement: '▁', prepend_scheme: legacy ? 'always' : 'first' }
  return built(path, {
    added_tokens: added,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(charsMap === '' ? [] : [{ type: 'Precompiled', precompiled_charsmap: charsMap }]),
        { type: 'Strip', strip_left: false, strip_right: true },
        { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' },
      ],
    },
    pre_tokenizer: spaces,
    post_processor: {
      type: 'TemplateProcessing',
      single: [text('A'), eos],
      pair: [text('A'), eos, text('B'), eos],
      special_tokens: { [token('eos')]: { ids: [id('eos')] } },
    },
    decoder: spaces,
    model: {
      type: 'Unigram',
      vocab,
      unk_id: file.pieces.findIndex(({ kind }) => kind === pieceKinds.unknown),
    },
  })
}

/** The ids of tokens by their texts, in the order of a list. The last of equal tokens counts. */
async function idsOf<T>(
  tokens: readonly T[],
  textOf: (token: T) => string,
  turns: Turns,
): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  await turns.each(tokens, (token, id) => ids.set(textOf(token), id))
  return ids
}

/** @param path the file that errors name */
function built(path: string, values: Config['values']): Config {
  return makeConfig(path, values, 'TOKENIZER_INVALID')
}

interface SpecialLookup {
  token: (role: SpecialRole) => string
  id: (role: SpecialRole) => number
}

function specialTokens(
  settings: TokenizerSettings,
  idOf: (token: string) => unknown,
  path: string,
): SpecialLookup {
  const token = (role: SpecialRole): string =>
    settings.specialTokens[role] ?? missing(`a ${role}_token`, path)
  const id = (role: SpecialRole): number => {
    const value = idOf(token(role))
    return typeof value === 'number' ? value : missing(show(token(role)), path)
  }
  return { token, id }
}

function missing(what: string, path: string): never {
  throw invalid('TOKENIZER_INVALID', path, what, 'none')
}

function unsupported(dir: string, settings: TokenizerSettings, files: string): never {
  const name = settings.className === '' ? 'a folder without a tokenizer_class' : settings.className
  throw invalid('TOKENIZER_INVALID', dir, 'a tokenizer.json', `${files} of ${name}, which cannot be read`)
}
