import { join } from 'node:path'
import { nonNegativeInt, oneOf, optional, readConfig, string } from '../../files/config.js'
import { readBytes } from '../../files/read.js'
import { checkLimit } from '../../limits.js'
import type { TokenizerCore } from '../core.js'
import { buildTurns, Vocabulary } from '../models/model.js'
import { SentencePiece } from '../sentencepiece/sentencepiece.js'
import type { TokenizerSettings } from '../settings.js'
import type { Part } from '../tokenizer-json/post-processors.js'
import { pythonTrim } from '../unicode.js'
import { Multilingual } from './multilingual.js'
import { SpecialTokens } from './special-tokens.js'

/** The languages of published models, in the order of the ids of their tokens. */
const languageCodes = {
  // Fan et al. 2020.
  m2m100:
    'af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi ' +
    'hr ht hu hy id ig ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no ns ' +
    'oc or pa pl ps pt ro ru sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh ' +
    'zu',
  // Tran et al. 2021.
  wmt21: 'en ha is ja cs ru zh de',
} as const

/**
 * Reads the tokenizer of M2M100: sentencepiece.bpe.model splits texts into pieces, vocab.json has their ids. The tokens of
 * the languages, __en__ and so on, and the made-up words that only fill up the embeddings follow the vocabulary.
 */
export async function loadM2m100(dir: string, settings: TokenizerSettings): Promise<TokenizerCore> {
  const { config } = settings
  const turns = buildTurns()
  const path = join(dir, 'sentencepiece.bpe.model')
  const pieces = await SentencePiece.read(await readBytes(path), path, turns)
  const file = await readConfig(dir, 'vocab.json', 'TOKENIZER_INVALID')
  const vocabulary = await Vocabulary.read(file, turns)
  const published = oneOf(config, 'language_codes', ['m2m100', 'wmt21'], 'm2m100')
  const languages = languageCodes[published].split(' ')
  const size = vocabulary.count + languages.length + nonNegativeInt(config, 'num_madeup_words', 8)
  checkLimit('vocabulary', size, config.file)
  const { unk = '<unk>', eos = '</s>' } = settings.specialTokens
  const core = new M2m100({
    ...{ pieces, vocabulary, size, unknownToken: unk, unknown: vocabulary.require(unk, file.file) },
    languages: languages.map((code) => `__${code}__`),
    special: await SpecialTokens.create(settings, (token) => vocabulary.id(token), vocabulary.count, turns),
  })
  return new Multilingual(core, {
    token: (code) => `__${code}__`,
    source: string(config, 'src_lang', 'en'),
    target: optional(string, config, 'tgt_lang'),
    eos: vocabulary.require(eos, file.file),
    isSuffix: false,
  })
}

interface M2m100Parts {
  readonly pieces: SentencePiece
  readonly vocabulary: Vocabulary
  /** One past the largest id, with those of made-up words. */
  readonly size: number
  readonly unknownToken: string
  readonly unknown: number
  /** Tokens of the languages; their ids follow the vocabulary. */
  readonly languages: readonly string[]
  readonly special: SpecialTokens
}

/** The text without the tokens around it. */
class M2m100 implements TokenizerCore {
  readonly cut = 'first'
  readonly ignoresEmptyPair = false
  readonly #parts: M2m100Parts

  constructor(parts: M2m100Parts) {
    this.#parts = parts
  }

  get size(): number {
    return Math.max(this.#parts.size, this.#parts.special.size)
  }

  ids(text: string): number[] {
    const { special, pieces, vocabulary, unknown } = this.#parts
    const tokens = special
      .split(text)
      .flatMap((section) => (section.token ? [section.token.content] : pieces.encode(section.text)))
    return tokens.map((token) => special.id(token) ?? vocabulary.id(token) ?? unknown)
  }

  added(): number {
    return 0
  }

  assemble(first: number[], second: number[] = []): Part {
    const ids = [...first, ...second]
    return { ids, typeIds: ids.map(() => 0) }
  }

  decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    const { special, unknownToken } = this.#parts
    // An id without a token is none of a special one, though the unknown token stands for it.
    const tokens = ids
      .map((id) => this.token(id))
      .filter((token) => !(skipSpecialTokens && token !== undefined && special.isSpecial(token)))
      .map((token) => token ?? unknownToken)
    return special.toText(tokens, (run) => this.#join(run))
  }

  #join(tokens: string[]): string {
    const { special, pieces } = this.#parts
    let text = ''
    let run: string[] = []
    for (const token of tokens)
      if (special.isSpecial(token)) {
        text += pieces.decode(run) + token
        run = []
      } else run.push(token)
    return pythonTrim(text + pieces.decode(run))
  }

  id(token: string): number | undefined {
    const { special, vocabulary, languages } = this.#parts
    const language = languages.indexOf(token)
    return special.id(token) ?? (language < 0 ? vocabulary.id(token) : vocabulary.count + language)
  }

  token(id: number): string | undefined {
    const { special, vocabulary, languages } = this.#parts
    return special.token(id) ?? languages[id - vocabulary.count] ?? vocabulary.token(id)
  }
}
