// SentencePiece models: read, then used on texts.
import { buildTurns } from '../../../lib/text/models/model.js'
import { SentencePiece } from '../../../lib/text/sentencepiece/sentencepiece.js'
import { stored, storedBelow } from '../inputs.js'

export const seeds: readonly Uint8Array[] = [
  ...stored('goldens/tokenizers/marian/source.spm', 'goldens/tokenizers/siglip/spiece.model'),
  ...stored('goldens/tokenizers/t5/spiece.model'),
  ...storedBelow('text/sentencepiece', /\.(?:model|spm)$/, 8192),
]

export const tokens: readonly string[] = [
  '\n\x06\n\x01a\x15',
  '\x12\x02\x08\x01',
  '\x1a\x00',
  '\xff\xff\xff\xff\x0f',
  '▁',
  '<0x41>',
]

export async function run(bytes: Uint8Array): Promise<void> {
  const model = await SentencePiece.read(bytes, 'source.spm', buildTurns())
  for (const text of ['A small red circle, isn’t it?', 'кот 你好  \u00a0x', 'aaaaaaaaaaaaaaaaaaaaaaaa', ''])
    model.decode(model.encode(text))
}
