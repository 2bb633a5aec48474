/**
 * Character classes and case mapping as the reference tokenizers have them. JavaScript's own `\s`, `\w` and
 * `toLowerCase` are close but not equal: `\s` holds U+FEFF and lacks U+0085, `\w` is ASCII, and lower-casing a whole
 * string gives the final sigma its own form. Characters newer than the reference's Unicode tables may still differ.
 */

/** Inside a character class: `\s` of Oniguruma and of Rust. */
export const whitespace = '\\p{White_Space}'
/** Inside a character class: `\s` of Python, which has the four information separators, too. */
export const pythonWhitespace = `${whitespace}\\x1c-\\x1f`
/** Inside a character class: `\w` of Rust's regex crate. */
export const word = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'
/** Inside a character class: the punctuation of BERT, with all symbols of ASCII. */
export const punctuation = '\\p{P}!-\\/:-@\\[-`{-~'

const leading = new RegExp(`^[${whitespace}]+`, 'u')
const space = new RegExp(`[${whitespace}]`, 'u')
const leadingPython = new RegExp(`^[${pythonWhitespace}]+`, 'u')
const pythonSpace = new RegExp(`[${pythonWhitespace}]`, 'u')

export function trimStart(text: string): string {
  return text.replace(leading, '')
}

export function trimEnd(text: string): string {
  return dropTrailing(text, space)
}

/** Both ends, as str.strip() of Python. */
export function pythonTrim(text: string): string {
  return dropTrailing(text.replace(leadingPython, ''), pythonSpace)
}

/** Not a pattern such as `\s+$`, which takes quadratic time if there are many inner spaces. */
function dropTrailing(text: string, char: RegExp): string {
  let end = text.length
  while (end > 0 && char.test(text[end - 1]!)) end--
  return text.slice(0, end)
}

/** Lower case, character by character: no final sigma. */
export function lowercase(text: string): string {
  return text.includes('Σ') ? text.replace(/Σ/g, 'σ').toLowerCase() : text.toLowerCase()
}

/** Replaces lone surrogates, which have no UTF-8 form, by U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD')
}

const asciiEntities: [RegExp, string][] = [
  [/ ([.?!,])/g, '$1'],
  [/ ' /g, "'"],
  [/ (n't|'m|'s|'ve|'re)/g, '$1'],
]

/** Removes the spaces that English tokenization puts before punctuation and contractions. */
export function cleanUpSpaces(text: string): string {
  return asciiEntities.reduce((line, [pattern, by]) => line.replace(pattern, by), text)
}
