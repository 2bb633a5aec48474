import { Command, Option } from 'commander'
import { invalid } from '../errors.js'
import { RawImage } from '../image/raw-image.js'
import type { ImageSource } from '../image/source.js'
import { pipeline } from '../pipelines/pipeline.js'
import { escapeText } from './escape.js'
import { forImages, type ImageFlags, imagesOf } from './images.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { PictureFolder } from './picture-folder.js'
import { type ColoredSegment, colorOf, drawLevels, drawOverlay } from './segment-pictures.js'

interface Flags extends HubFlags, ImageFlags {
  readonly model: string
  readonly out: string
  readonly picture: 'overlay' | 'mask'
}

/** A segment as it is printed. */
interface Report {
  readonly label: string
  /** Number of pixels, and their share of the picture. */
  readonly area: number
  readonly share: number
  /** In an overlay #rrggbb, in a mask its gray level. */
  readonly color?: string
  readonly level?: number
}

export const segmentCommand = addHubOptions(
  new Command('segment')
    .description('tell the class of each pixel of images, as pictures')
    .argument('[images...]', 'files, folders or URLs; - or nothing: an image, or names, on standard input')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .requiredOption('--out <dir>', 'folder of the pictures, NAME.segments.png')
    .addOption(
      new Option(
        '--picture <kind>',
        'overlay: a color for each class over the image; mask: gray, the number of the segment in the printed list from 0',
      )
        .choices(['overlay', 'mask'])
        .default('overlay'),
    )
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (args: string[], flags: Flags, command: Command) => {
  const signal = interruptSignal()
  const files = await imagesOf(args, command, signal)
  const segment = await pipeline('image-segmentation', flags.model, pipelineFlags(flags, signal))
  const folder = await PictureFolder.open(flags.out, '.segments.png')
  const labels = segment.model.info.labels ?? []
  // A class without a name in the config has no color of its own: it is the next one that is free.
  const classOf = (label: string, index: number) => {
    const found = labels.indexOf(label)
    return found < 0 ? labels.length + index : found
  }
  const { maxPixels } = flags
  const run = async ([source]: readonly ImageSource[]) => {
    const image = await RawImage.read(source!, { maxPixels, signal })
    return [{ image, segments: await segment(image, { signal }) }]
  }
  // One at a time: results have the size of the pictures.
  await forImages(files, { ...flags, perRun: 1 }, signal, run, async (input, { image, segments }) => {
    const output = folder.pathFor(input)
    const colored = segments.map((each, index) => ({ ...each, color: colorOf(classOf(each.label, index)) }))
    await draw(image, colored, flags.picture).save(output)
    print(
      input,
      output,
      image,
      segments.map((_, index) => report(colored[index]!, index, flags)),
      flags.json,
    )
  })
  await segment.dispose()
})

function draw(image: RawImage, segments: readonly ColoredSegment[], kind: Flags['picture']): RawImage {
  if (kind === 'overlay') return drawOverlay(image, segments)
  if (segments.length > 256)
    throw invalid(
      'OPTION_INVALID',
      '--picture mask',
      'a picture of at most 256 classes',
      `${segments.length}`,
    )
  return drawLevels(image, segments)
}

function report({ label, mask, color }: ColoredSegment, index: number, { picture }: Flags): Report {
  const area = mask.data.reduce((count, value) => count + Number(value > 0), 0)
  const hex = `#${color.map((value) => value.toString(16).padStart(2, '0')).join('')}`
  return {
    label,
    area,
    share: area / mask.data.length,
    ...(picture === 'mask' ? { level: index } : { color: hex }),
  }
}

function print(
  input: string,
  output: string,
  { width, height }: RawImage,
  segments: readonly Report[],
  json: boolean,
): void {
  if (json) {
    printJson({ input, output, width, height, segments })
    return
  }
  const texts = segments.map(({ label, share }) => `${label} ${(share * 100).toFixed(2)}%`)
  // Labels are from the model's config, which strangers wrote.
  printLine(escapeText(`${input}: ${texts.join(', ')}, ${output}`))
}
