import { optionInvalid } from '../options.js'
import type { GenerationResult } from './generate.js'
import type { GenerationStep } from './search.js'
import type { BaseStreamer } from './streamer.js'

/** A token that was generated for a row of the result. */
export interface TokenEvent {
  readonly row: number
  readonly token: number
}

/** Receivers of tokens as they are generated. */
export interface TokenListeners {
  /** Called with each token. */
  readonly onToken?: ((event: TokenEvent) => void) | undefined
  /** Receives the prompt and then the tokens of each step, for example a TextStreamer. */
  readonly streamer?: BaseStreamer | undefined
}

/** @throws OPTION_INVALID for listeners of a wrong type, and for beam search together with a listener */
export function checkListeners({ onToken, streamer }: TokenListeners, numBeams: number | undefined): void {
  if (onToken !== undefined && typeof onToken !== 'function') optionInvalid('onToken', onToken, 'a function')
  if (
    streamer !== undefined &&
    ![streamer?.put, streamer?.end].every((method) => typeof method === 'function')
  )
    optionInvalid('streamer', streamer, 'an object with put() and end(), such as a TextStreamer')
  if (onToken) checkNoBeams(numBeams, 'onToken')
  if (streamer) checkNoBeams(numBeams, 'streamer')
}

/** @throws OPTION_INVALID for beam search, because its tokens can change until the end */
export function checkNoBeams(numBeams: number | undefined, what: string): void {
  if (numBeams !== undefined && numBeams > 1)
    optionInvalid(
      'numBeams',
      numBeams,
      `1 with ${what}, because the tokens of a beam search can change until its end`,
    )
}

/** Runs all steps and calls the listeners after each. If a listener throws, the generation ends with its error. */
export async function listen(
  steps: AsyncGenerator<GenerationStep, GenerationResult>,
  { onToken, streamer }: TokenListeners,
): Promise<GenerationResult> {
  try {
    await streamer?.begin?.()
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
