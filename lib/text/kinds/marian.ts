import { join } from 'node:path'
import { boolean, readConfig } from '../../files/config.js'
import { readBytes } from '../../files/read.js'
import type { TokenizerCore } from '../core.js'
import { buildTurns, Vocabulary } from '../models/model.js'
import { SentencePiece } from '../sentencepiece/sentencepiece.js'
import type { TokenizerSettings } from '../settings.js'
import type { Part } from '../tokenizer-json/post-processors.js'
import { pythonTrim } from '../unicode.js'
import { SpecialTokens } from './special-tokens.js'

/**
 * Reads the tokenizer of a Marian translator: source.spm and target.spm split texts into pieces, vocab.json has the ids
 * of the pieces of both languages. With `separate_vocabs` in tokenizer_config.json, target_vocab.json has those of the
 * target language. Punctuation is not normalized first; the reference does so if the package sacremoses is installed.
 */
export async function loadMarian(dir: string, settings: TokenizerSettings): Promise<TokenizerCore> {
  const turns = buildTurns()
  const read = async (name: string) => {
    const path = join(dir, name)
    return SentencePiece.read(await readBytes(path), path, turns)
  }
  const source = await read('source.spm')
  const target = await read('target.spm')
  const file = await readConfig(dir, 'vocab.json', 'TOKENIZER_INVALID')
  const separate = boolean(settings.config, 'separate_vocabs', false)
  const targetFile = separate ? await readConfig(dir, 'target_vocab.json', 'TOKENIZER_INVALID') : file
  const vocabulary = await Vocabulary.read(file, turns)
  const targetVocabulary = separate ? await Vocabulary.read(targetFile, turns) : vocabulary
  const { unk = '<unk>', eos = '</s>', pad = '<pad>' } = settings.specialTokens
  for (const token of [unk, pad]) vocabulary.require(token, file.file)
  return new Marian({
    source: { pieces: source, vocabulary, unknown: vocabulary.require(unk, file.file) },
    target: {
      pieces: target,
      vocabulary: targetVocabulary,
      unknown: targetVocabulary.require(unk, targetFile.file),
    },
    unknownToken: unk,
    eos: vocabulary.require(eos, file.file),
    special: await SpecialTokens.create(settings, (token) => vocabulary.id(token), vocabulary.count, turns),
  })
}

/** One language: its pieces and their ids. */
interface Language {
  pieces: SentencePiece
  vocabulary: Vocabulary
  unknown: number
}

interface MarianParts {
  source: Language
  target: Language
  unknownToken: string
  eos: number
  special: SpecialTokens
}

class Marian implements TokenizerCore {
  readonly cut = 'first'
  readonly ignoresEmptyPair = false
  readonly #parts: MarianParts

  constructor(parts: MarianParts) {
    this.#parts = parts
  }

  get size(): number {
    const { source, target, special } = this.#parts
    return Math.max(source.vocabulary.size, target.vocabulary.size, special.size)
  }

  ids(text: string, target = false): number[] {
    const { special } = this.#parts
    const language = target ? this.#parts.target : this.#parts.source
    const ids: number[] = []
    for (const section of special.split(text)) {
      const tokens = section.token ? [section.token.content] : this.#pieces(section.text, language.pieces)
      for (const token of tokens)
        ids.push(special.id(token) ?? language.vocabulary.id(token) ?? language.unknown)
    }
    return ids
  }

  /** A code such as >>rus<< at the start names the target language. It is one token, even if it is unknown. */
  #pieces(text: string, pieces: SentencePiece): string[] {
    const end = text.startsWith('>>') ? text.indexOf('<<') : -1
    if (end < 0) return pieces.encode(text)
    return [text.slice(0, end + 2), ...pieces.encode(text.slice(end + 2))]
  }

  added(): number {
    return 1
  }

  assemble(first: number[], second: number[] | undefined, addSpecialTokens: boolean): Part {
    const ids = [...first, ...(second ?? []), ...(addSpecialTokens ? [this.#parts.eos] : [])]
    return { ids, typeIds: ids.map((_, i) => (second && i >= first.length ? 1 : 0)) }
  }

  decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    const { special, target, unknownToken } = this.#parts
    const tokens = ids
      .map((id) => special.token(id) ?? target.vocabulary.token(id) ?? unknownToken)
      .filter((token) => !(skipSpecialTokens && special.isSpecial(token)))
    return special.toText(tokens, (run) => this.#join(run))
  }

  #join(tokens: string[]): string {
    const { special, target } = this.#parts
    let text = ''
    let pieces: string[] = []
    for (const token of tokens) {
      if (!special.isSpecial(token)) {
        pieces.push(token)
        continue
      }
      text += `${target.pieces.decode(pieces)}${token} `
      pieces = []
    }
    text += target.pieces.decode(pieces)
    return pythonTrim(text.replaceAll('▁', ' '))
  }

  id(token: string): number | undefined {
    return this.#parts.special.id(token) ?? this.#parts.source.vocabulary.id(token)
  }

  token(id: number): string | undefined {
    return this.#parts.special.token(id) ?? this.#parts.target.vocabulary.token(id)
  }
}
