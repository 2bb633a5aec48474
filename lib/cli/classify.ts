import { Command, Option } from 'commander'
import type { ImageInput } from '../image/raw-image.js'
import { type Classification, type ScoreFunction, scoreFunctions } from '../pipelines/image-classification.js'
import { pipeline } from '../pipelines/pipeline.js'
import { escapeText } from './escape.js'
import { forImages, type ImageFlags, imagesOf } from './images.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'

interface Flags extends HubFlags, ImageFlags {
  readonly model: string
  readonly topK: number
  readonly functionToApply?: ScoreFunction
}

export const classifyCommand = addHubOptions(
  new Command('classify')
    .description('classify images')
    .argument('[images...]', 'files, folders or URLs; - or nothing: an image, or names, on standard input')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .option('--top-k <n>', 'number of classes', wholeNumber(1), 5)
    .addOption(
      new Option('--function-to-apply <name>', 'scores of the logits (default: as the model says)').choices(
        scoreFunctions,
      ),
    )
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (args: string[], flags: Flags, command: Command) => {
  const signal = interruptSignal()
  const files = await imagesOf(args, command, signal)
  const classify = await pipeline('image-classification', flags.model, pipelineFlags(flags, signal))
  const { topK, maxPixels, functionToApply } = flags
  const options = { top_k: topK, function_to_apply: functionToApply, maxPixels, signal }
  const run = (images: readonly ImageInput[]) => classify(images, options)
  await forImages(files, flags, signal, run, (file, classes) => print(file, classes, flags))
  await classify.dispose()
})

function print(file: string, classes: readonly Classification[], { json, functionToApply }: Flags): void {
  if (json) {
    printJson({ input: file, classes })
    return
  }
  // Without a function, the scores are logits.
  const shown = (score: number) =>
    functionToApply === 'none' ? score.toFixed(4) : `${(score * 100).toFixed(2)}%`
  const texts = classes.map(({ label, score }) => `${label} ${shown(score)}`)
  // Labels are from the model's config, which strangers wrote.
  printLine(escapeText(`${file}: ${texts.join(', ')}`))
}
