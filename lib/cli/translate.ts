import { createInterface } from 'node:readline'
import { Command } from 'commander'
import { SaccadeError } from '../errors.js'
import { pipeline } from '../pipelines/pipeline.js'
import { addRunOptions, loadFlags, type RunFlags, wholeNumber } from './options.js'
import { interruptSignal, Progress, printJson, printLine, reportFailure } from './output.js'

interface Flags extends RunFlags {
  readonly model: string
  readonly numBeams?: number
  readonly maxNewTokens?: number
}

export const translateCommand = addRunOptions(
  new Command('translate')
    .description('translate texts, or the lines of standard input')
    .argument('[texts...]', 'texts to translate')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .option('--num-beams <n>', 'number of beams', wholeNumber(1))
    .option('--max-new-tokens <n>', 'maximum length of a translation in tokens', wholeNumber(1)),
).action(async (texts: string[], flags: Flags) => {
  const signal = interruptSignal()
  const translate = await pipeline('translation', flags.model, loadFlags(flags))
  const options = {
    ...(flags.numBeams !== undefined && { num_beams: flags.numBeams }),
    ...(flags.maxNewTokens !== undefined && { max_new_tokens: flags.maxNewTokens }),
    signal,
  }
  const progress = new Progress(texts.length)
  for await (const text of texts.length > 0 ? texts : lines()) {
    try {
      const [result] = await translate(text, options)
      if (flags.json) printJson({ input: text, translation: result!.translation_text })
      else printLine(result!.translation_text)
    } catch (error) {
      if (signal.aborted || !(error instanceof SaccadeError)) throw error
      reportFailure(text, error, flags.json)
    }
    if (texts.length > 0) progress.advance(1)
  }
  progress.stop()
  await translate.dispose()
})

/** The lines of standard input, without empty ones. */
async function* lines(): AsyncGenerator<string> {
  for await (const line of createInterface({ input: process.stdin })) if (line.trim() !== '') yield line
}
