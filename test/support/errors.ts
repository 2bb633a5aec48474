import * as assert from 'uvu/assert'
import { SaccadeError, type SaccadeErrorCode } from '../../lib/errors.js'

/** Asserts that a call throws, or rejects with, a SaccadeError of this code whose message names the culprit. */
export async function rejects(call: () => unknown, code: SaccadeErrorCode, message: RegExp): Promise<void> {
  let error: unknown
  try {
    await call()
  } catch (thrown) {
    error = thrown
  }
  assert.instance(error, SaccadeError, `expected ${code}, got ${String(error)}`)
  const { code: got, message: text } = error as SaccadeError
  assert.is(got, code, text)
  assert.match(text, message)
}
