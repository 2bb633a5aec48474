import { Command } from 'commander'
import { pipeline } from '../pipelines/pipeline.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { forTexts } from './texts.js'

interface Flags extends HubFlags {
  readonly model: string
  readonly maxNewTokens?: number
  readonly numBeams?: number
  readonly doSample?: true
  readonly seed?: number
  readonly truncation: boolean
}

export const generateCommand = addHubOptions(
  new Command('generate')
    .description('continue texts, or the lines of standard input; words are printed as they are generated')
    .argument('[texts...]', 'texts to continue; - is standard input')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .option('--max-new-tokens <n>', 'maximum number of tokens after the text', wholeNumber(1))
    .option(
      '--num-beams <n>',
      'number of beams; above 1, texts are printed when they are complete',
      wholeNumber(1),
    )
    .option('--do-sample', 'draw tokens by their probability')
    .option('--seed <n>', 'the same seed draws the same text', wholeNumber(0))
    .option('--truncation', 'cut texts that are longer than the model takes', false),
).action(async (texts: string[], flags: Flags) => {
  const { json, numBeams, doSample, seed, truncation } = flags
  const signal = interruptSignal()
  const generate = await pipeline('text-generation', flags.model, pipelineFlags(flags, signal))
  const sampling = { do_sample: doSample, seed }
  const options = { max_new_tokens: flags.maxNewTokens, num_beams: numBeams, truncation, ...sampling, signal }
  const streams = !json && (numBeams ?? 1) === 1
  await forTexts(texts, { json, progress: !streams, keepsPlace: false }, signal, async (text) => {
    if (text.trim() === '' && !json) return printLine('')
    if (text.trim() === '') return printJson({ input: text, text })
    if (streams) return await print(generate.stream(text, options))
    const [result] = await generate(text, options)
    if (json) printJson({ input: text, text: result!.generated_text })
    else printLine(result!.generated_text)
  })
  await generate.dispose()
})

/** Prints pieces of a text as they come, and ends the line, after an error, too. */
async function print(pieces: AsyncIterable<string>): Promise<void> {
  let begun = false
  try {
    for await (const piece of pieces) {
      begun = true
      process.stdout.write(piece)
    }
  } finally {
    if (begun) process.stdout.write('\n')
  }
}
