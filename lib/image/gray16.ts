import { createRequire } from 'node:module'
import { invalid, show } from '../errors.js'

/**
 * Writes a gray picture of 16 bits a pixel.
 * @param path with the extension of a format that has 16 bits: png or tiff
 * @throws OPTION_INVALID with the reason if that cannot be done
 */
export async function writeGray16(
  path: string,
  levels: Uint16Array,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<void> {
  // Loaded here, so that programs without images do not wait for it.
  const sharp = createRequire(import.meta.url)('sharp') as typeof import('sharp').default
  const raw = { width, height, channels: 1 } as const
  try {
    await sharp(levels, { limitInputPixels: false, raw })
      .pipelineColourspace('grey16')
      .toColourspace('grey16')
      .toFile(path)
  } catch (cause) {
    const reason = String(cause instanceof Error ? cause.message : cause)
    throw invalid('OPTION_INVALID', `writeGray16: ${show(path)}`, 'a path that can be written', reason, {
      cause,
    })
  }
}
