import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { getLimits, setLimits } from '../../lib/limits.js'
import { ByteTrie } from '../../lib/text/models/byte-trie.js'
import { Turns } from '../../lib/turns.js'
import { Random } from '../ops/reference.js'
import { rejects } from '../support/errors.js'

const build = (entries: Iterable<readonly [string, number]>) =>
  ByteTrie.build(entries, 'vocab', new Turns(0, undefined))

/** The children of a node, by trying every byte. */
function children(trie: ByteTrie, node: number): number[] {
  return Array.from({ length: 256 }, (_, byte) => trie.step(node, byte)).filter((child) => child >= 0)
}

for (const count of [0, 1, 30, 3000])
  test(`${count} random keys, some of them twice, are found, and no others`, async () => {
    const random = new Random(count)
    const letters = [...'abя你🙂']
    const entries = Array.from({ length: count }, (_, value): [string, number] => {
      const length = random.below(6)
      return [Array.from({ length }, () => letters[random.below(5)]!).join(''), value]
    })
    const trie = await build(entries)
    const last = new Map(entries)
    for (const [key, value] of last) assert.is(trie.value(trie.find(key)), value, key)
    let found = 0
    const visit = (node: number): void => {
      if (trie.value(node) >= 0) found++
      for (const child of children(trie, node)) visit(child)
    }
    visit(ByteTrie.root)
    assert.is(found, last.size)
    assert.is(trie.longestKey, Math.max(0, ...[...last.keys()].map((key) => Buffer.byteLength(key))))
    assert.is(trie.find('abc'), -1)
  })

test('a key over the limit is refused', async () => {
  const { tokenBytes } = getLimits()
  setLimits({ tokenBytes: 4 })
  try {
    await rejects(() => build([['abcde', 0]]), 'LIMIT_EXCEEDED', /vocab/)
  } finally {
    setLimits({ tokenBytes })
  }
})

test.run()
