// preprocessor_config.json and pretrained_cfg: read, then used on a small picture. The first byte selects the model_type.
import { configOf, isSet, object } from '../../../lib/files/config.js'
import { imageSpec, timmSpec } from '../../../lib/image/config.js'
import { ImageProcessor } from '../../../lib/image/process.js'
import { RawImage } from '../../../lib/image/raw-image.js'
import { setLimits } from '../../../lib/limits.js'
import { jsonTokens, storedBelow } from '../inputs.js'

const modelTypes = [undefined, 'vit', 'clip', 'convnext', 'deit', 'siglip', 'dinov2', 'x']

export const seeds: readonly Uint8Array[] = [
  ...storedBelow('goldens', /^preprocessor_config\.json$/),
  ...storedBelow('reports', /^(?:preprocessor|processor)_config\.json$/),
  ...storedBelow('goldens', /^config\.json$/).filter((bytes) =>
    Buffer.from(bytes).includes('pretrained_cfg'),
  ),
].map((json, index) => Buffer.concat([Buffer.of(index % modelTypes.length), json]))

export const jsonFrom = 1

export const tokens: readonly string[] = [
  ...jsonTokens,
  ...[
    '"do_resize":',
    '"size":',
    '"crop_size":',
    '"shortest_edge":',
    '"longest_edge":',
    '"height":',
    '"width":',
  ],
  ...[
    '"crop_pct":',
    '"image_processor_type":',
    '"resample":',
    '"image_std":',
    '"rescale_factor":',
    '"crop_mode":',
  ],
  ...[
    '"do_center_crop":true,',
    '"do_pad":true,',
    '"input_size":[3,8,8]',
    '"interpolation":"random"',
    '"border"',
  ],
]

const picture = new RawImage(
  Uint8Array.from({ length: 105 }, (_, i) => i),
  7,
  5,
  3,
)

export async function run(bytes: Uint8Array): Promise<void> {
  // Of the default size, an input takes 20 ms.
  setLimits({ processedPixels: 2 ** 12, resizePixels: 2 ** 14 })
  const config = await configOf('preprocessor_config.json', bytes.subarray(1))
  const spec = isSet(config, 'pretrained_cfg')
    ? timmSpec(object(config, 'pretrained_cfg'))
    : imageSpec(config, modelTypes[(bytes[0] ?? 0) % modelTypes.length])
  const values = await new ImageProcessor(spec, 1).process(picture)
  await values.data()
}
