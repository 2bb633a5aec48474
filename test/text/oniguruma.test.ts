import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { translatePattern } from '../../lib/text/oniguruma/translate.js'

/** Matches of patterns in texts, found by Oniguruma in the Rust library tokenizers 0.22.2; empty ones are left out. */
interface References {
  texts: string[]
  patterns: { name: string; pattern: string; matches: string[][] }[]
}

const path = new URL('../data/text/patterns.json', import.meta.url)
const { texts, patterns } = JSON.parse(readFileSync(path, 'utf8')) as References

test('there are references', () => assert.is(patterns.length, 56))

for (const { name, pattern, matches } of patterns)
  test(`${name} matches the same`, () => {
    const translated = translatePattern(pattern)
    texts.forEach((text, index) => {
      const found = Array.from(text.matchAll(translated), ([match]) => match).filter((match) => match !== '')
      assert.equal(found, matches[index], text)
    })
  })

test('what is wrong or not supported is refused', () => {
  const refused: [string, RegExp][] = [
    ['(', /not closed/],
    ['a)', /closes nothing/],
    ['*a', /nothing to repeat/],
    ['[a', /ends too early/],
    ['a\\', /ends too early/],
    ['[b-a]', /out of order/],
    ['[a-\\d]', /set at the end of a range/],
    ['\\p{Klingon}', /unknown property Klingon/],
    ['[[:klingon:]]', /unknown class \[:klingon:\]/],
    ['(a)\\1', /escape \\1 is not supported/],
    ['(?<a>b)\\k<a>', /escape \\k is not supported/],
    ['(?(1)a|b)', /group of a kind that is not supported/],
    ['(?~a)', /group of a kind that is not supported/],
    ['(?x: a)', /group of a kind that is not supported/],
    ['(?<=a++)b', /atomic group inside a look-behind/],
    ['(?i:[[:upper:]])', /upper or lower case/],
  ]
  for (const [pattern, message] of refused)
    assert.throws(
      () => translatePattern(pattern),
      (error: unknown) => error instanceof SyntaxError && message.test(error.message),
      pattern,
    )
})

test('a hostile pattern takes no long time to translate', () => {
  const started = performance.now()
  translatePattern('(?i:[\\x{0}-\\x{10ffff}])')
  assert.throws(() => translatePattern('('.repeat(1e6)))
  assert.throws(() => translatePattern('['.repeat(1e6)))
  assert.ok(performance.now() - started < 10_000)
})

test.run()
