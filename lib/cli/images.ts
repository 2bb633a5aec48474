import { SaccadeError } from '../errors.js'
import { decodeImage, type RawImage } from '../image/raw-image.js'
import { imagesPerRun } from '../pipelines/base.js'
import { Progress, reportFailure } from './output.js'

export interface NamedImage {
  readonly file: string
  readonly image: RawImage
}

export interface ImageFlags {
  readonly json: boolean
  readonly maxPixels?: number
}

/**
 * Runs images in batches, in order. An image that cannot be read is reported, and the others are run.
 * @param run runs a batch, and returns one result for each image
 */
export async function forImages<R>(
  files: readonly string[],
  flags: ImageFlags,
  signal: AbortSignal,
  run: (images: readonly RawImage[]) => Promise<readonly R[]>,
  print: (file: string, result: R) => void,
): Promise<void> {
  const progress = new Progress(files.length)
  try {
    for (let start = 0; start < files.length; start += imagesPerRun) {
      const batch = files.slice(start, start + imagesPerRun)
      const images = await readImages(batch, flags, signal)
      if (images.length > 0) {
        const results = await run(images.map(({ image }) => image))
        images.forEach(({ file }, index) => {
          print(file, results[index]!)
        })
      }
      progress.advance(batch.length)
    }
  } finally {
    progress.stop()
  }
}

async function readImages(
  files: readonly string[],
  flags: ImageFlags,
  signal: AbortSignal,
): Promise<NamedImage[]> {
  const images = await Promise.all(
    files.map(async (file) => {
      try {
        return { file, image: await decodeImage(file, { signal, maxPixels: flags.maxPixels }) }
      } catch (error) {
        if (signal.aborted || !(error instanceof SaccadeError)) throw error
        reportFailure(file, error, flags.json)
        return undefined
      }
    }),
  )
  return images.filter((image) => image !== undefined)
}
