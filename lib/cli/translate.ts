import { Command } from 'commander'
import { pipeline } from '../pipelines/pipeline.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { forTexts } from './texts.js'

interface Flags extends HubFlags {
  readonly model: string
  readonly numBeams?: number
  readonly maxNewTokens?: number
  readonly truncation: boolean
}

export const translateCommand = addHubOptions(
  new Command('translate')
    .description('translate texts, or the lines of standard input')
    .argument('[texts...]', 'texts to translate; - is standard input')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .option('--num-beams <n>', 'number of beams', wholeNumber(1))
    .option('--max-new-tokens <n>', 'maximum length of a translation in tokens', wholeNumber(1))
    .option('--truncation', 'cut texts that are longer than the model takes', false),
).action(async (texts: string[], flags: Flags) => {
  const { json, truncation } = flags
  const signal = interruptSignal()
  const translate = await pipeline('translation', flags.model, pipelineFlags(flags, signal))
  const options = { num_beams: flags.numBeams, max_new_tokens: flags.maxNewTokens, truncation, signal }
  await forTexts(texts, { json, progress: true, keepsPlace: true }, signal, async (text) => {
    // An empty line has an empty translation; a model would make up a text.
    const translation = text.trim() === '' ? '' : (await translate(text, options))[0]!.translation_text
    if (json) printJson({ input: text, translation })
    else printLine(translation)
  })
  await translate.dispose()
})
