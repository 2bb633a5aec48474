import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repairText } from '../../lib/pipelines/text-repair.js'

// As ftfy 6.3 has them.
const repaired: readonly [text: string, expected: string][] = [
  ['it\u2019s \u201ca cat\u201d', 'it\'s "a cat"'],
  ['\u02bc\u201b\u201e', "''\""],
  ['\ufb01sh, \ufb05, \u01c4, \u0133, \u0149', "fish, \u017ft, D\u017d, ij, 'n"],
  ['\uff21\uff11\u3000\uff76', 'A1 \u30ab'],
  ['a\x07b\ufeffc\x7f', 'abc'],
  ['e\u0301', '\u00e9'],
  ['\u2026 \u2013 \u00a0 \u00bd \u2122', '\u2026 \u2013 \u00a0 \u00bd \u2122'],
]

for (const [text, expected] of repaired)
  test(`${JSON.stringify(text)} is repaired`, () => assert.is(repairText(text), expected))

test.run()
