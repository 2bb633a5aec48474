import { invalid, show } from '../../errors.js'
import type { Turns } from '../../turns.js'
import { type Field, readFields } from './protobuf.js'

/** The kinds of pieces, numbered as in sentencepiece_model.proto. */
export const pieceKinds = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const

export interface Piece {
  readonly text: string
  /** Log probability; for BPE the negated rank of its merge. */
  readonly score: number
  readonly kind: number
}

export interface NormalizerSpec {
  charsMap: Uint8Array
  /** Put a space in front of the text. */
  addDummyPrefix: boolean
  removeExtraWhitespaces: boolean
  /** Replace spaces by U+2581. */
  escapeWhitespaces: boolean
}

/** The parts of a SentencePiece model file that encoding and decoding need. */
export interface ModelFile {
  readonly pieces: readonly Piece[]
  readonly algorithm: 'unigram' | 'bpe'
  readonly byteFallback: boolean
  readonly whitespaceAsSuffix: boolean
  /** The text of an unknown piece. */
  readonly unknownSurface: string
  readonly normalizer: NormalizerSpec
  readonly denormalizer: NormalizerSpec
  /** The file, for errors. */
  readonly where: string
}

/** Reads a `.spm` or `spiece.model` file. @throws TOKENIZER_INVALID naming `where` */
export async function parseModelFile(bytes: Uint8Array, where: string, turns: Turns): Promise<ModelFile> {
  const pieces: Piece[] = []
  let trainer: Trainer = {
    algorithm: 1,
    byteFallback: false,
    whitespaceAsSuffix: false,
    unknownSurface: ' ⁇ ',
  }
  let normalizer = defaultNormalizer()
  let denormalizer = defaultNormalizer()
  await turns.each(readFields(bytes, where), (field) => {
    if (field.number === 1) pieces.push(readPiece(message(field, where), `${where}: piece ${pieces.length}`))
    else if (field.number === 2) trainer = readTrainer(message(field, where), where, trainer)
    else if (field.number === 3) normalizer = readNormalizer(message(field, where), where)
    else if (field.number === 5) denormalizer = readNormalizer(message(field, where), where)
  })
  if (pieces.length === 0) throw invalid('TOKENIZER_INVALID', where, 'a model with pieces', 'none')
  const { algorithm, ...rest } = trainer
  if (algorithm !== 1 && algorithm !== 2)
    throw invalid(
      'TOKENIZER_INVALID',
      `${where}: model type`,
      '1 (unigram) or 2 (byte-pair encoding)',
      show(algorithm),
    )
  return {
    ...rest,
    pieces,
    algorithm: algorithm === 1 ? 'unigram' : 'bpe',
    normalizer,
    denormalizer,
    where,
  }
}

function message(field: Field, where: string): Uint8Array {
  if (typeof field.value !== 'number') return field.value
  throw invalid('TOKENIZER_INVALID', `${where}: field ${field.number}`, 'a message', show(field.value))
}

function readPiece(bytes: Uint8Array, where: string): Piece {
  let text = ''
  let score = 0
  let kind: number = pieceKinds.normal
  for (const { number, value } of readFields(bytes, where)) {
    if (number === 1 && typeof value !== 'number') text = Buffer.from(value).toString('utf8')
    else if (number === 2 && typeof value !== 'number' && value.length === 4) score = readFloat(value)
    else if (number === 3 && typeof value === 'number') kind = value
  }
  if (text === '') throw invalid('TOKENIZER_INVALID', where, 'a piece with text', 'none')
  return { text, score, kind }
}

function readFloat(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true)
}

interface Trainer {
  algorithm: number
  byteFallback: boolean
  whitespaceAsSuffix: boolean
  unknownSurface: string
}

function readTrainer(bytes: Uint8Array, where: string, defaults: Trainer): Trainer {
  const trainer = { ...defaults }
  for (const { number, value } of readFields(bytes, `${where}: trainer_spec`)) {
    if (number === 3 && typeof value === 'number') trainer.algorithm = value
    else if (number === 24 && typeof value === 'number') trainer.whitespaceAsSuffix = value !== 0
    else if (number === 35 && typeof value === 'number') trainer.byteFallback = value !== 0
    else if (number === 44 && typeof value !== 'number')
      trainer.unknownSurface = Buffer.from(value).toString('utf8')
  }
  return trainer
}

function defaultNormalizer(): NormalizerSpec {
  return {
    charsMap: new Uint8Array(),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
    escapeWhitespaces: true,
  }
}

function readNormalizer(bytes: Uint8Array, where: string): NormalizerSpec {
  const spec = defaultNormalizer()
  for (const { number, value } of readFields(bytes, `${where}: normalizer_spec`)) {
    if (number === 2 && typeof value !== 'number') spec.charsMap = value
    else if (number === 3 && typeof value === 'number') spec.addDummyPrefix = value !== 0
    else if (number === 4 && typeof value === 'number') spec.removeExtraWhitespaces = value !== 0
    else if (number === 5 && typeof value === 'number') spec.escapeWhitespaces = value !== 0
  }
  return spec
}
