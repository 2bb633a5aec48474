/** Arguments of timm's classes that an architecture name implies. */
export interface SwinArguments {
  readonly version: 1 | 2
  readonly img_size?: number
  readonly [argument: string]: unknown
}

/** Width, depths and heads, by the name of the size. */
const sizes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  tiny: { embed_dim: 96, depths: [2, 2, 6, 2], num_heads: [3, 6, 12, 24] },
  small: { embed_dim: 96, depths: [2, 2, 18, 2], num_heads: [3, 6, 12, 24] },
  base: { embed_dim: 128, depths: [2, 2, 18, 2], num_heads: [4, 8, 16, 32] },
  large: { embed_dim: 192, depths: [2, 2, 18, 2], num_heads: [6, 12, 24, 48] },
}

/** Windows and depths of Swin-S3 (Chen et al. 2021), which was searched for. */
const searched: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  tiny: { window_size: [7, 7, 14, 7], depths: [2, 2, 6, 2] },
  small: { window_size: [14, 14, 14, 7], depths: [2, 2, 18, 2] },
  base: { window_size: [7, 7, 14, 7], depths: [2, 2, 30, 2] },
}

const first = /^swin_(tiny|small|base|large)_patch4_window(\d+)_(\d+)(?:_in22k)?$/
const second = /^swinv2_(tiny|small|base|large)_window(\d+)(?:to(\d+))?_(\d+)(?:to(\d+))?(?:_22k|_22kft1k)?$/

/**
 * The arguments that an architecture name of timm's Swin implies, with or without a pretrained tag after a dot. undefined if
 * it is not such a name.
 */
export function timmArchitecture(name: string): SwinArguments | undefined {
  const [architecture = ''] = name.split('.', 1)
  const [, size, window, image] = first.exec(architecture) ?? []
  if (size) return { version: 1, ...sizes[size], window_size: Number(window), img_size: Number(image) }
  const [, s3] = /^swin_s3_(tiny|small|base)_224$/.exec(architecture) ?? []
  if (s3) return { version: 1, ...sizes.tiny, ...searched[s3], img_size: 224 }
  const [, size2, trained, larger, trainedImage, largerImage] = second.exec(architecture) ?? []
  if (!size2 || (larger === undefined) !== (largerImage === undefined)) return undefined
  return {
    ...{ version: 2, ...sizes[size2] },
    ...{ window_size: Number(larger ?? trained), img_size: Number(largerImage ?? trainedImage) },
    // The last stage of the smaller images was one window.
    ...(larger && { pretrained_window_sizes: [12, 12, 12, 6] }),
  }
}
