import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SaccadeError } from '../../lib/errors.js'
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
      const found = Array.from(translated[Symbol.matchAll](text), (match) => match[0]).filter(
        (match) => match !== '',
      )
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

const matches = (pattern: string, text: string) =>
  Array.from(translatePattern(pattern)[Symbol.matchAll](text), (match) => match[0])

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof SaccadeError ? error.code : (error as Error).name
  }
  return 'none'
}

test('a hostile pattern takes no long time to translate', () => {
  const started = performance.now()
  translatePattern('(?i:[\\x{0}-\\x{10ffff}])')
  const refused: [string, string][] = [
    ['('.repeat(1e4), 'SyntaxError'],
    ['(?:'.repeat(1e4), 'SyntaxError'],
    ['['.repeat(1e4), 'SyntaxError'],
    ['('.repeat(1e6), 'LIMIT_EXCEEDED'],
    [`${'(?:'.repeat(90)}a${'){9}'.repeat(90)}`, 'LIMIT_EXCEEDED'],
    ['(ab){1000000000}', 'SyntaxError'],
    ['(ab){100000}', 'LIMIT_EXCEEDED'],
    [`(?:${'a|'.repeat(1e6)}b)`, 'LIMIT_EXCEEDED'],
  ]
  for (const [pattern, code] of refused)
    assert.is(
      codeOf(() => translatePattern(pattern)),
      code,
      pattern.slice(0, 40),
    )
  assert.ok(performance.now() - started < 20_000)
})

test('patterns for which V8 takes exponential or quadratic time find the same in linear time', () => {
  const started = performance.now()
  const long = 'a'.repeat(200_000)
  const spaces = ' '.repeat(200_000)
  const answers: [string, string, string[]][] = [
    ['(a+)+$', `${long}b`, []],
    ['(a+)+$', long, [long]],
    ['(?:a+)+b|c', `${long}c`, ['c']],
    ['(?:aa|a)+$', `${long}b`, []],
    ['(?:a|b|ab)+$', `${'ab'.repeat(50_000)}c`, []],
    ['\\s+$', `${spaces}x`, []],
    ['\\s*[\\r\\n]+|x', `${spaces}x`, ['x']],
    ['a*a*a*c', long, []],
    ['(?=.*c)a', long, []],
    ['(?>a+)b|c', `${long}c`, ['c']],
    ['(?<=a)b|c', `${long}c`, ['c']],
    ['(?:a?b?)*c', 'ababc', ['ababc']],
    ['(?:a*)*b', 'aab', ['aab']],
    ['(?:a*)*', 'aab', ['aa', '', '']],
    ['(?:(?=a)a)*b', 'aab', ['aab']],
    ['(?:a|b?)+?c', 'abac', ['abac']],
    ['a{0}b', 'ab', ['b']],
    ['😀+?(?!😀)', '😀😀x', ['😀😀']],
  ]
  for (const [pattern, text, found] of answers) assert.equal(matches(pattern, text), found, pattern)
  assert.ok(performance.now() - started < 20_000)
})

test('a match of too many steps is an error with a code', () => {
  const started = performance.now()
  const hostile: [string, string][] = [
    ['(?:a?){30}a{30}$', `${'a'.repeat(29)}b`],
    ['(?:a|a){40}c', 'a'.repeat(1000)],
    ['(?:(?:a*)*)*b', 'a'.repeat(1000)],
    ['(?=[ab]{0,9999}c)a', 'a'.repeat(100_000)],
    ['(?<=b.*)c', `${'a'.repeat(1000)}c`.repeat(100)],
    ['(?:a?a?)*(?=(?:a?a?)*b)c', 'a'.repeat(1000)],
  ]
  for (const [pattern, text] of hostile)
    assert.is(
      codeOf(() => matches(pattern, text)),
      'LIMIT_EXCEEDED',
      pattern,
    )
  assert.ok(performance.now() - started < 20_000)
})

test.run()
