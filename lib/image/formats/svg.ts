import type { Encoded, Pixels } from '../pixels.js'
import { decodeWithSharp } from './sharp.js'

/**
 * What can take unbounded time, or reads other files: filters (also as a CSS function, and written with CSS escapes),
 * entities, style sheets, and references to anything but parts of the same file and images inside it.
 */
const refused: readonly (readonly [string, RegExp])[] = [
  ['a filter', /filter|<fe[A-Z]/i],
  ['an entity', /<!ENTITY|<!DOCTYPE[^>]*\[/i],
  ['an escape in a style', /\\/],
  ['a style sheet', /@import|<\?xml-stylesheet/i],
  [
    'a reference to another file',
    /(href|src)\s*=\s*["']?\s*(?!["'#\s]|data:image\/(png|jpeg|webp|gif)[;,])/i,
  ],
  ['a reference to another file', /url\(\s*["']?\s*(?!["'#\s])/i],
]

const maxBytes = 2 ** 20

/** Draws an SVG in its own size. @throws IMAGE_INVALID for what is refused above */
export function decodeSvg(file: Encoded): Promise<Pixels> {
  if (file.bytes.length > maxBytes) file.fail(`an SVG of more than ${maxBytes} bytes`)
  const text = file.bytes.toString('latin1')
  const found = refused.find(([, pattern]) => pattern.test(text))
  if (found) file.fail(`an SVG with ${found[0]}`)
  return decodeWithSharp(file)
}
