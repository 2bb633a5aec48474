import { Command, Option } from 'commander'
import { invalid } from '../errors.js'
import type { ImageInput } from '../image/raw-image.js'
import { load } from '../models/load.js'
import { type Pooling, poolings } from '../pipelines/feature-extraction.js'
import { pipeline } from '../pipelines/pipeline.js'
import type { TensorOutput } from '../pipelines/tensor-output.js'
import { shortText } from './escape.js'
import { forImages, type ImageFlags, imagesOf } from './images.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, loadFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { forTexts } from './texts.js'

interface Flags extends HubFlags, ImageFlags {
  readonly model: string
  readonly pooling?: Pooling
  readonly normalize?: boolean
  readonly truncation?: boolean
}

export const embedCommand = addHubOptions(
  new Command('embed')
    .description('compute vectors of images or texts')
    .argument(
      '[inputs...]',
      'images or folders for a vision model, texts for a text model; - or nothing: standard input, with an image or ' +
        'names of images, or a text a line',
    )
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .addOption(
      new Option(
        '--pooling <kind>',
        'how the vectors of the tokens of a text are combined (default: as the folder of a sentence-transformers model ' +
          'says, else mean)',
      ).choices(poolings),
    )
    .option('--normalize', 'normalize the vectors of texts to length 1')
    .option('--truncation', 'cut texts that are longer than the model takes')
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (inputs: string[], flags: Flags, command: Command) => {
  const signal = interruptSignal()
  using model = await load(flags.model, loadFlags(flags, signal))
  const { tasks, layout } = model.info
  if (tasks.includes('image-feature-extraction')) await embedImages(inputs, flags, command, signal)
  else if (tasks.includes('feature-extraction')) await embedTexts(inputs, flags, signal)
  else
    throw invalid(
      'TASK_UNSUPPORTED',
      'embed: model',
      'one with features',
      `${layout} (${tasks.join(', ') || 'no task'})`,
    )
})

/** Vectors of images, pooled as the model does: the class token or the mean. */
async function embedImages(
  args: readonly string[],
  flags: Flags,
  command: Command,
  signal: AbortSignal,
): Promise<void> {
  if (flags.pooling || flags.normalize || flags.truncation)
    throw invalid(
      'OPTION_INVALID',
      'embed: --pooling, --normalize and --truncation',
      'a text model',
      'a vision model',
    )
  const files = await imagesOf(args, command, signal)
  const extract = await pipeline('image-feature-extraction', flags.model, pipelineFlags(flags, signal))
  const { maxPixels } = flags
  const run = async (images: readonly ImageInput[]) => [
    ...(await extract(images, { pool: true, maxPixels, signal })),
  ]
  await forImages(files, flags, signal, run, (file, vector) => print(file, vector, flags.json))
  await extract.dispose()
}

async function embedTexts(texts: readonly string[], flags: Flags, signal: AbortSignal): Promise<void> {
  const extract = await pipeline('feature-extraction', flags.model, pipelineFlags(flags, signal))
  const { json, pooling = extract.hasPooling ? undefined : 'mean', normalize, truncation } = flags
  // One at a time: padding to the longest of many texts costs more than it saves.
  await forTexts(texts, { json, progress: true, keepsPlace: true }, signal, async (text) => {
    const vectors = await extract(text, { pooling, normalize, truncation, signal })
    const [vector] = vectors
    print(text, vector!, json)
  })
  await extract.dispose()
}

function print(input: string, vector: TensorOutput, json: boolean): void {
  if (json) printJson({ input, shape: vector.dims, vector: vector.tolist() })
  else printLine(`${shortText(input)}: ${[...vector.data].map((value) => value.toPrecision(6)).join(' ')}`)
}
