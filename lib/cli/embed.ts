import { resolve } from 'node:path'
import { Command, Option } from 'commander'
import { invalid } from '../errors.js'
import { exists } from '../files/file.js'
import type { ImageInput } from '../image/raw-image.js'
import { ContrastiveModel } from '../models/contrastive.js'
import { load } from '../models/load.js'
import { type Pooling, poolings } from '../pipelines/feature-extraction.js'
import { loadEmbedder, pipeline } from '../pipelines/pipeline.js'
import type { TensorOutput } from '../pipelines/tensor-output.js'
import { shortText } from './escape.js'
import { forImages, type ImageFlags, imagesOf } from './images.js'
import { interruptSignal } from './interrupt.js'
import { addHubOptions, type HubFlags, loadFlags, pipelineFlags, wholeNumber } from './options.js'
import { printJson, printLine } from './output.js'
import { forTexts } from './texts.js'
import { VectorFile } from './vectors.js'

interface Flags extends HubFlags, ImageFlags {
  readonly model: string
  readonly pooling?: Pooling
  readonly normalize?: boolean
  readonly truncation?: boolean
  readonly text?: true
  readonly out?: string
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
    .option('--text', 'the inputs are texts, for a model that takes texts and images')
    .option('--out <file>', 'write the vectors to a file, for `search`: .safetensors, else JSON lines')
    .option('--normalize', 'normalize the vectors of texts to length 1')
    .option('--truncation', 'cut texts that are longer than the model takes')
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (inputs: string[], flags: Flags, command: Command) => {
  const signal = interruptSignal()
  using model = await load(flags.model, loadFlags(flags, signal))
  const { tasks, layout } = model.info
  const file = flags.out === undefined ? undefined : new VectorFile(flags.out, await nameOf(flags.model))
  const write: Write = (input, vector) => {
    if (file) file.add(input, vector.data)
    else print(input, vector, flags.json)
  }
  if (model instanceof ContrastiveModel) await embedPairs(inputs, flags, command, signal, write)
  else if (tasks.includes('image-feature-extraction'))
    await embedImages(inputs, flags, command, signal, write)
  else if (tasks.includes('feature-extraction')) await embedTexts(inputs, flags, signal, write)
  else
    throw invalid(
      'TASK_UNSUPPORTED',
      'embed: model',
      'one with features',
      `${layout} (${tasks.join(', ') || 'no task'})`,
    )
  await file?.write()
})

type Write = (input: string, vector: TensorOutput) => void

/** A path is kept as absolute, so that a file of vectors can be searched from another folder. */
async function nameOf(model: string): Promise<string> {
  return (await exists(model)) ? resolve(model) : model
}

/** Vectors of images or texts in one space. */
async function embedPairs(
  args: readonly string[],
  flags: Flags,
  command: Command,
  signal: AbortSignal,
  write: Write,
): Promise<void> {
  if (flags.pooling || flags.normalize || flags.truncation)
    throw invalid(
      'OPTION_INVALID',
      'embed: --pooling, --normalize and --truncation',
      'a text model',
      'another one',
    )
  const embedder = await loadEmbedder(flags.model, pipelineFlags(flags, signal))
  try {
    if (flags.text) {
      await forTexts(args, { json: flags.json, progress: true, keepsPlace: true }, signal, async (text) => {
        const [vector] = await embedder.texts(text, { signal })
        write(text, vector!)
      })
      return
    }
    const { maxPixels } = flags
    const run = async (images: readonly ImageInput[]) => [
      ...(await embedder.images(images, { maxPixels, signal })),
    ]
    await forImages(await imagesOf(args, command, signal), flags, signal, run, write)
  } finally {
    embedder.dispose()
  }
}

/** Vectors of images, pooled as the model does: the class token or the mean. */
async function embedImages(
  args: readonly string[],
  flags: Flags,
  command: Command,
  signal: AbortSignal,
  write: Write,
): Promise<void> {
  if (flags.pooling || flags.normalize || flags.truncation || flags.text)
    throw invalid(
      'OPTION_INVALID',
      'embed: --pooling, --normalize, --truncation and --text',
      'a text model',
      'a vision model',
    )
  const files = await imagesOf(args, command, signal)
  const extract = await pipeline('image-feature-extraction', flags.model, pipelineFlags(flags, signal))
  const { maxPixels } = flags
  const run = async (images: readonly ImageInput[]) => [
    ...(await extract(images, { pool: true, maxPixels, signal })),
  ]
  await forImages(files, flags, signal, run, write)
  await extract.dispose()
}

async function embedTexts(
  texts: readonly string[],
  flags: Flags,
  signal: AbortSignal,
  write: Write,
): Promise<void> {
  const extract = await pipeline('feature-extraction', flags.model, pipelineFlags(flags, signal))
  const { json, pooling = extract.hasPooling ? undefined : 'mean', normalize, truncation } = flags
  // One at a time: padding to the longest of many texts costs more than it saves.
  await forTexts(texts, { json, progress: true, keepsPlace: true }, signal, async (text) => {
    const vectors = await extract(text, { pooling, normalize, truncation, signal })
    const [vector] = vectors
    write(text, vector!)
  })
  await extract.dispose()
}

function print(input: string, vector: TensorOutput, json: boolean): void {
  if (json) printJson({ input, shape: vector.dims, vector: vector.tolist() })
  else printLine(`${shortText(input)}: ${[...vector.data].map((value) => value.toPrecision(6)).join(' ')}`)
}
