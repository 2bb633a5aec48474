import { Command } from 'commander'
import { pipeline } from '../pipelines/pipeline.js'
import { addRunOptions, loadFlags, type RunFlags, wholeNumber } from './options.js'
import { interruptSignal, printJson, printLine } from './output.js'
import { forTexts } from './texts.js'

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
  const { json } = flags
  const signal = interruptSignal()
  const translate = await pipeline('translation', flags.model, loadFlags(flags))
  const options = { num_beams: flags.numBeams, max_new_tokens: flags.maxNewTokens, signal }
  await forTexts(texts, { json, progress: true }, signal, async (text) => {
    const [result] = await translate(text, options)
    if (json) printJson({ input: text, translation: result!.translation_text })
    else printLine(result!.translation_text)
  })
  await translate.dispose()
})
