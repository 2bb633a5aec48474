import * as assert from 'uvu/assert'

type Coded = Error & { code?: string }

function check(error: unknown, code: string, message: RegExp): void {
  assert.instance(error, Error)
  assert.is((error as Coded).code, code, (error as Coded).message)
  assert.match((error as Coded).message, message)
}

/** Asserts that the step throws an Error with this code and message. */
export function throws(step: () => unknown, code: string, message: RegExp): void {
  let thrown: unknown
  try {
    step()
  } catch (error) {
    thrown = error
  }
  check(thrown, code, message)
}

/** Asserts that the promise rejects with an Error with this code and message. */
export async function rejects(promise: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  check(
    await promise.then(
      () => undefined,
      (error: unknown) => error,
    ),
    code,
    message,
  )
}
