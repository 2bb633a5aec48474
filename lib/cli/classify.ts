import { Command } from 'commander'
import type { Classification } from '../pipelines/image-classification.js'
import { pipeline } from '../pipelines/pipeline.js'
import { forImages, type ImageFlags } from './images.js'
import { addRunOptions, loadFlags, type RunFlags, wholeNumber } from './options.js'
import { interruptSignal, printJson, printLine } from './output.js'

interface Flags extends RunFlags, ImageFlags {
  readonly model: string
  readonly topK: number
}

export const classifyCommand = addRunOptions(
  new Command('classify')
    .description('classify images')
    .argument('<images...>', 'files or URLs')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .option('--top-k <n>', 'number of classes', wholeNumber(1), 5)
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (files: string[], flags: Flags) => {
  const signal = interruptSignal()
  const classify = await pipeline('image-classification', flags.model, loadFlags(flags))
  const run = (images: Parameters<typeof classify>[0] & readonly unknown[]) =>
    classify(images, { top_k: flags.topK, signal })
  await forImages(files, flags, signal, run, (file, classes) => print(file, classes, flags.json))
  await classify.dispose()
})

function print(file: string, classes: readonly Classification[], json: boolean): void {
  if (json) {
    printJson({ input: file, classes })
    return
  }
  const texts = classes.map(({ label, score }) => `${label} ${(score * 100).toFixed(2)}%`)
  printLine(`${file}: ${texts.join(', ')}`)
}
