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
}

/** The images of the arguments; none is a wrong call. */
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
 * Runs images in batches, in order. They are decoded by the run, which makes each small before the next. An image that
 * cannot be read or run is reported, and the others are run.
 */
export async function forImages<R>(
  files: readonly ImageFile[],
  flags: ImageFlags,
  signal: AbortSignal,
  run: RunImages<R>,
  print: (name: string, result: R) => void,
): Promise<void> {
  const progress = new Progress(files.length)
  try {
    for (let start = 0; start < files.length; start += imagesPerRun) {
      const batch = files.slice(start, start + imagesPerRun)
      const read = await Promise.all(batch.map((file) => readSource(file, flags, signal)))
      const images = read.filter((image) => image !== undefined)
      for (const { name, result } of await runImages(images, flags, signal, run)) print(name, result)
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

async function readSource(
  file: ImageFile,
  { json }: ImageFlags,
  signal: AbortSignal,
): Promise<NamedImage | undefined> {
  try {
    return { name: file.name, image: await sourceOf(file) }
  } catch (error) {
    if (signal.aborted || !(error instanceof SaccadeError)) throw error
    reportFailure({ input: file.name }, error, json)
    return undefined
  }
}

/** Runs a batch; if it fails, each image alone, to find the one that does. */
async function runImages<R>(
  images: readonly NamedImage[],
  flags: ImageFlags,
  signal: AbortSignal,
  run: RunImages<R>,
): Promise<{ name: string; result: R }[]> {
  const [first] = images
  if (!first) return []
  try {
    const results = await run(images.map(({ image }) => image))
    return images.map(({ name }, index) => ({ name, result: results[index]! }))
  } catch (error) {
    if (signal.aborted || !(error instanceof SaccadeError)) throw error
    if (images.length === 1) {
      reportFailure({ input: first.name }, error, flags.json)
      return []
    }
  }
  const results = []
  for (const image of images) results.push(...(await runImages([image], flags, signal, run)))
  return results
}
