// Every function of the addon, called with values of every kind: the result is an error with a code, or a value; the process
// goes on. In a child process, because a fault would end it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runChild } from './child.js'

for (const seed of ['1', '2', '3', '4']) {
  test(`misuse of the addon is an error (seed ${seed})`, async () => {
    const { code, output } = await runChild('misuse', { MISUSE_SEED: seed }, 120_000)
    assert.is(code, 0, output)
    assert.match(output, /^\d+ calls, \d+ errors\n$/)
  })
}

test.run()
