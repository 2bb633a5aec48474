import { optionInvalid } from '../options.js'
import type { GenerationResult } from './generate.js'
import type { GenerationStep } from './search.js'
import type { BaseStreamer } from './streamer.js'

/** A token that a row of the result has just got. */
export interface TokenEvent {
  readonly row: number
  readonly token: number
}

/** Who is told of tokens as they are chosen. */
export interface TokenListeners {
  /** Called with each token. */
  readonly onToken?: ((event: TokenEvent) => void) | undefined
  /** Given the prompt and then the tokens of each step, such as a TextStreamer. */
  readonly streamer?: BaseStreamer | undefined
}

/** @throws OPTION_INVALID for listeners that cannot be told of tokens, and for beams beside them */
export function checkListeners({ onToken, streamer }: TokenListeners, numBeams: number | undefined): void {
  if (onToken !== undefined && typeof onToken !== 'function') optionInvalid('onToken', onToken, 'a function')
  if (streamer !== undefined && ![streamer.put, streamer.end].every((method) => typeof method === 'function'))
    optionInvalid('streamer', streamer, 'an object with put() and end(), such as a TextStreamer')
  if (onToken) checkNoBeams(numBeams, 'onToken')
  if (streamer) checkNoBeams(numBeams, 'streamer')
}

/** @throws OPTION_INVALID for beams, with which no token is certain before the end */
export function checkNoBeams(numBeams: number | undefined, what: string): void {
  if (numBeams !== undefined && numBeams > 1)
    optionInvalid('numBeams', numBeams, `1 with ${what}, as with beams nothing is certain before the end`)
}

/** Goes through all steps, and tells the listeners of them. If one of them throws, the generation ends. */
export async function listen(
  steps: AsyncGenerator<GenerationStep, GenerationResult>,
  { onToken, streamer }: TokenListeners,
): Promise<GenerationResult> {
  try {
    for (;;) {
      const { done, value } = await steps.next()
      if (done) {
        await streamer?.end()
        return value
      }
      await streamer?.put(value.tokens)
      if (onToken && !value.isPrompt)
        for (const [row, tokens] of value.tokens.entries())
          for (const token of tokens) onToken({ row, token })
    }
  } catch (error) {
    await steps.throw(error)
    throw error
  }
}
