import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Page, pages, same } from '../../scripts/check-docs.js'

for (const file of pages)
  test(`${file}: its code prints what the page says`, async () => {
    const page = new Page(file)
    assert.ok(page.blocks.length > 5, `${page.blocks.length} blocks were found`)
    for (const { line, expected, actual } of await page.run())
      assert.ok(same(expected, actual), `${file}:${line}: expected\n${expected}\ngot\n${actual}`)
  })

test('a number may be off by one in its last place, and nothing else may differ', () => {
  assert.ok(same('[0.1234, 2]', '[0.1235, 2]'))
  assert.ok(same('1.234e-7', '1.235e-7'))
  assert.not(same('[0.1234, 2]', '[0.1236, 2]'))
  assert.not(same('1.234e-7', '1.234e-6'))
  assert.not(same('[0.1234, 2]', '[0.1234, 3]'))
  assert.not(same('true', 'false'))
  assert.not(same('0.5', '-0.5'))
  assert.not(same('a 1', 'b 1'))
  assert.not(same('1 2', '1'))
})

test.run()
