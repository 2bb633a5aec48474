import type { Command } from 'commander'
import { SaccadeError } from '../errors.js'
import type { ImageSource } from '../image/source.js'
import { imagesPerRun } from '../pipelines/base.js'
import { type ImageFile, listImages, sourceOf } from './image-inputs.js'
import { reportFailure } from './output.js'
import { Progress } from './progress.js'

export interface ImageFlags {
  readonly json: boolean
  readonly maxPixels?: number
  /** Images of one run. Default: as many as pipelines run together. */
  readonly perRun?: number
}

/** Lists the images that the arguments name. Without any, the command ends with a usage error. */
export async function imagesOf(
  args: readonly string[],
  command: Command,
  signal: AbortSignal,
): Promise<ImageFile[]> {
  const files = await listImages(args, signal)
  if (files.length === 0 && !signal.aborted)
    command.error('error: no images: expected files, folders, URLs, or either on standard input')
  return files
}

/** Results of a batch, one for each image. */
type RunImages<R> = (images: readonly ImageSource[]) => Promise<readonly R[]>

/**
 * Runs images in batches. They are decoded by the run, which makes each small before the next. An image that cannot be read or
 * run is reported, and the others are run. Results and reports are printed in the order of the images.
 */
export async function forImages<R>(
  files: readonly ImageFile[],
  flags: ImageFlags,
  signal: AbortSignal,
  run: RunImages<R>,
  print: (name: string, result: R) => void | Promise<void>,
): Promise<void> {
  const progress = new Progress(files.length)
  const { perRun = imagesPerRun } = flags
  try {
    for (let start = 0; start < files.length; start += perRun) {
      const batch = files.slice(start, start + perRun)
      const read = await Promise.all(batch.map((file) => readSource(file, signal)))
      const images = read.filter((one) => 'image' in one)
      const ran = (await runImages(images, signal, run)).values()
      for (const one of read) {
        const outcome = 'image' in one ? ran.next().value! : one
        if ('error' in outcome) reportFailure({ input: outcome.name }, outcome.error, flags.json)
        else await print(outcome.name, outcome.result)
      }
      progress.advance(batch.length)
    }
  } finally {
    progress.stop()
  }
}

interface NamedImage {
  readonly name: string
  readonly image: ImageSource
}

interface Failure {
  readonly name: string
  readonly error: SaccadeError
}

type Outcome<R> = Failure | { readonly name: string; readonly result: R }

async function readSource(file: ImageFile, signal: AbortSignal): Promise<NamedImage | Failure> {
  const { name } = file
  try {
    return { name, image: await sourceOf(file) }
  } catch (error) {
    if (signal.aborted || !(error instanceof SaccadeError)) throw error
    return { name, error }
  }
}

/** Runs a batch; if it fails, each image alone, to find the one that does. */
async function runImages<R>(
  images: readonly NamedImage[],
  signal: AbortSignal,
  run: RunImages<R>,
): Promise<Outcome<R>[]> {
  const [first] = images
  if (!first) return []
  try {
    const results = await run(images.map(({ image }) => image))
    return images.map(({ name }, index) => ({ name, result: results[index]! }))
  } catch (error) {
    if (signal.aborted || !(error instanceof SaccadeError)) throw error
    if (images.length === 1) return [{ name: first.name, error }]
  }
  const outcomes = []
  for (const image of images) outcomes.push(...(await runImages([image], signal, run)))
  return outcomes
}
