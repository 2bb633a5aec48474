import { Command } from 'commander'
import type { ImageInput } from '../image/raw-image.js'
import type { Classification } from '../pipelines/image-classification.js'
import { pipeline } from '../pipelines/pipeline.js'
import { escapeText } from './escape.js'
import { forImages, type ImageFlags, imagesOf } from './images.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'

interface Flags extends HubFlags, ImageFlags {
  readonly model: string
  readonly topK: number
}

export const classifyCommand = addHubOptions(
  new Command('classify')
    .description('classify images')
    .argument('[images...]', 'files, folders or URLs; - or nothing: an image, or names, on standard input')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .option('--top-k <n>', 'number of classes', wholeNumber(1), 5)
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (args: string[], flags: Flags, command: Command) => {
  const signal = interruptSignal()
  const files = await imagesOf(args, command, signal)
  const classify = await pipeline('image-classification', flags.model, pipelineFlags(flags, signal))
  const { topK, maxPixels } = flags
  const run = (images: readonly ImageInput[]) => classify(images, { top_k: topK, maxPixels, signal })
  await forImages(files, flags, signal, run, (file, classes) => print(file, classes, flags.json))
  await classify.dispose()
})

function print(file: string, classes: readonly Classification[], json: boolean): void {
  if (json) {
    printJson({ input: file, classes })
    return
  }
  const texts = classes.map(({ label, score }) => `${label} ${(score * 100).toFixed(2)}%`)
  // Labels are from the model's config, which strangers wrote.
  printLine(escapeText(`${file}: ${texts.join(', ')}`))
}
