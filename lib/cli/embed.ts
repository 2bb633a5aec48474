import { Command, Option } from 'commander'
import { invalid } from '../errors.js'
import { load } from '../models/load.js'
import { type Pooling, poolings } from '../pipelines/feature-extraction.js'
import { pipeline } from '../pipelines/pipeline.js'
import type { TensorOutput } from '../pipelines/tensor-output.js'
import { forImages, type ImageFlags } from './images.js'
import { addRunOptions, loadFlags, type RunFlags, wholeNumber } from './options.js'
import { interruptSignal, printJson, printLine } from './output.js'

interface Flags extends RunFlags, ImageFlags {
  readonly model: string
  readonly pooling?: Pooling
  readonly normalize: boolean
}

export const embedCommand = addRunOptions(
  new Command('embed')
    .description('compute vectors of images or texts')
    .argument('<inputs...>', 'images for a vision model, texts for a text model')
    .requiredOption('--model <dir>', 'folder of the model, or its name on the Hub')
    .addOption(
      new Option(
        '--pooling <kind>',
        'how the vectors of the tokens of a text are combined (default: mean)',
      ).choices(poolings),
    )
    .option('--normalize', 'normalize the vectors of texts to length 1', false)
    .option('--max-pixels <n>', 'refuse larger images', wholeNumber(1)),
).action(async (inputs: string[], flags: Flags) => {
  const signal = interruptSignal()
  using model = await load(flags.model, loadFlags(flags))
  const { tasks, layout } = model.info
  if (tasks.includes('image-feature-extraction')) await embedImages(inputs, flags, signal)
  else if (tasks.includes('feature-extraction')) await embedTexts(inputs, flags, signal)
  else
    throw invalid('TASK_UNSUPPORTED', 'embed: model', 'one with features', `${layout} (${tasks.join(', ')})`)
})

/** Vectors of images, pooled as the model does: the class token or the mean. */
async function embedImages(files: readonly string[], flags: Flags, signal: AbortSignal): Promise<void> {
  if (flags.pooling || flags.normalize)
    throw invalid('OPTION_INVALID', 'embed: --pooling and --normalize', 'a text model', 'a vision model')
  const extract = await pipeline('image-feature-extraction', flags.model, loadFlags(flags))
  const run = async (images: Parameters<typeof extract>[0] & readonly unknown[]) => [
    ...(await extract(images, { pool: true, signal })),
  ]
  await forImages(files, flags, signal, run, (file, vector) => print(file, vector, flags.json))
  await extract.dispose()
}

async function embedTexts(texts: readonly string[], flags: Flags, signal: AbortSignal): Promise<void> {
  const extract = await pipeline('feature-extraction', flags.model, loadFlags(flags))
  const { pooling = 'mean', normalize } = flags
  // One at a time: padding to the longest of many texts costs more than it saves.
  for (const text of texts) {
    const vectors = await extract(text, { pooling, normalize, signal })
    const [vector] = vectors
    print(text, vector!, flags.json)
  }
  await extract.dispose()
}

function print(input: string, vector: TensorOutput, json: boolean): void {
  if (json) printJson({ input, shape: vector.dims, vector: vector.tolist() })
  else printLine(`${input}: ${[...vector.data].map((value) => value.toPrecision(6)).join(' ')}`)
}
