import { SaccadeError } from '../errors.js'

/** How errors name a text of a list. @param index in the caller's list @param count of the list, or of a part of it */
export function textName(index: number, count: number): string {
  return index === 0 && count === 1 ? 'the text' : `text ${index}`
}

/** Runs a function of a text, which the message of an error then names. */
export function named<T>(which: string, run: () => T): T {
  const rename = (error: unknown): never => {
    if (!(error instanceof SaccadeError) || error.code === 'ABORTED') throw error
    throw new SaccadeError(error.code, `${which}: ${error.message}`, { cause: error })
  }
  try {
    const result = run()
    return result instanceof Promise ? (result.catch(rename) as T) : result
  } catch (error) {
    return rename(error)
  }
}
