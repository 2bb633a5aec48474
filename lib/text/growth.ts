import { checkLimit } from '../limits.js'

const leastLength = 2 ** 17

/**
 * Checks the length of what a text becomes: the files of a tokenizer can make it grow without end.
 * @param what file and key, or step
 * @throws LIMIT_EXCEEDED
 */
export function checkGrowth(length: number, ofText: number, what: string): void {
  checkLimit('textGrowth', Math.ceil(length / Math.max(ofText, leastLength)), what)
}
