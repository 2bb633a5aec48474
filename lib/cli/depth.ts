import { Command, Option } from 'commander'
import { writeGray16 } from '../image/gray16.js'
import type { ImageSource } from '../image/source.js'
import type { DepthEstimate } from '../pipelines/depth-estimation.js'
import { pipeline } from '../pipelines/pipeline.js'
import { escapeText } from './escape.js'
import { forImages, type ImageFlags, imagesOf } from './images.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { PictureFolder } from './picture-folder.js'

interface Flags extends HubFlags, ImageFlags {
  readonly model: string
  readonly out: string
  readonly bits: '8' | '16'
}

export const depthCommand = addHubOptions(
  new Command('depth')
    .description('estimate the depth of each pixel of images, as gray pictures')
    .argument('[images...]', 'files, folders or URLs; - or nothing: an image, or names, on standard input')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .requiredOption(
      '--out <dir>',
      'folder of the pictures, NAME.depth.png: black is the least value, white the most',
    )
    .addOption(new Option('--bits <n>', 'bits of a gray level').choices(['8', '16']).default('8'))
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (args: string[], flags: Flags, command: Command) => {
  const signal = interruptSignal()
  const files = await imagesOf(args, command, signal)
  const estimate = await pipeline('depth-estimation', flags.model, pipelineFlags(flags, signal))
  const folder = await PictureFolder.open(flags.out, '.depth.png')
  const { maxPixels } = flags
  const run = (images: readonly ImageSource[]) => estimate(images, { maxPixels, signal })
  // One at a time: results have the size of the pictures.
  await forImages(files, { ...flags, perRun: 1 }, signal, run, async (input, result) => {
    const output = folder.pathFor(input)
    print({ input, output, ...(await write(output, result, flags.bits)) }, flags.json)
  })
  await estimate.dispose()
})

/** Writes the picture. @returns its size and the values of black and white */
async function write(path: string, { depth, predicted_depth }: DepthEstimate, bits: Flags['bits']) {
  const { data } = predicted_depth
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of data) {
    if (value < min) min = value
    if (value > max) max = value
  }
  const { width, height } = depth
  if (bits === '8') await depth.save(path)
  else {
    const unit = max > min ? 65535 / (max - min) : 0
    await writeGray16(
      path,
      Uint16Array.from(data, (value) => (value - min) * unit),
      { width, height },
    )
  }
  return { width, height, min, max }
}

function print(report: { input: string; output: string; min: number; max: number }, json: boolean): void {
  if (json) printJson(report)
  else {
    const [min, max] = [report.min.toPrecision(5), report.max.toPrecision(5)]
    printLine(escapeText(`${report.input}: ${min} to ${max}, ${report.output}`))
  }
}
