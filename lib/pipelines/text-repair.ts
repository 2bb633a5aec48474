/** Ligatures of Latin letters, and letters of other widths: each is replaced by what it is compatible with. */
const compatible = /[\u0132\u0133\u0149\u01c4-\u01cc\u01f1-\u01f3\u3000\ufb00-\ufb04\ufb06\uff01-\uffef]/g
const singleQuotes = /[\u02bc\u2018-\u201b]/g
const doubleQuotes = /[\u201c-\u201f]/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are removed
const controls = /[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g

/**
 * What ftfy.fix_text does to the texts of open_clip, one character at a time: straight quotes, no ligatures, letters of the
 * usual width, no control characters, composed accents. Texts that were decoded wrongly are not repaired.
 */
export function repairText(text: string): string {
  return text
    .replaceAll(compatible, (letter) => letter.normalize('NFKC'))
    .replaceAll('\ufb05', '\u017ft')
    .replaceAll(singleQuotes, "'")
    .replaceAll(doubleQuotes, '"')
    .replaceAll(controls, '')
    .normalize('NFC')
}
