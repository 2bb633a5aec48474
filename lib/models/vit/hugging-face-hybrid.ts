import { type Config, configInvalid, isSet, positiveInts, sizePair } from '../../files/config.js'
import type { WeightReader } from '../../weights/reader.js'
import { transformers } from '../family.js'
import { gridOf } from './grid.js'
import { describeClass } from './hugging-face.js'
import { readBitBackbone } from './hugging-face-bit.js'
import type { Family } from './hugging-face-spec.js'
import { reductionOf } from './hybrid.js'
import { describeVit, type VitLayout } from './layout.js'
import type { EmbeddingSpec, Size } from './spec.js'

const family: Family = { className: 'ViTHybrid', prefix: 'vit', kinds: ['Model', 'ForImageClassification'] }

/** ViTHybridModel and ViTHybridForImageClassification of transformers 4: a ViT over a BiT. */
export const huggingFaceHybrid: VitLayout = {
  ...transformers({ 'vit-hybrid': family.className }),

  describe(request, reader) {
    const values = { patch_size: 1, ...request.config.values }
    const config = { ...request.config, values }
    const described = describeClass(config, family, reader)
    const { patches } = described.names
    const prefix = `${patches.replace(/projection$/, 'backbone')}.bit.`
    const spec = { ...described.spec, ...readHybrid(config, prefix, reader) }
    return describeVit(config.file, { ...described, spec })
  },
}

/** What of the embedding differs from a ViT. */
function readHybrid(
  config: Config,
  prefix: string,
  reader: WeightReader,
): Pick<EmbeddingSpec, 'channels' | 'patch' | 'backbone' | 'positions'> {
  if (isSet(config, 'backbone')) throw configInvalid(config, 'backbone', 'null, and a backbone_config')
  const { network, names } = readBitBackbone(config, { features: ['stage3'], prefix }, reader)
  const patch = sizePair(config, 'patch_size', [1, 1])
  const [, channels, ...map] = positiveInts(config, 'backbone_featmap_shape', [1, 1024, 24, 24])
  const last = network.stages.at(-1)!
  const reduction = reductionOf(network)
  const image = sizePair(config, 'image_size', [224, 224])
  const expected = [1, last.width, ...image.map((side) => side / reduction)]
  if (channels !== last.width || map.length !== 2 || map.some((side, axis) => side !== expected[axis + 2]))
    throw configInvalid(
      config,
      'backbone_featmap_shape',
      `[${expected.join(', ')}], the last feature of a backbone that makes images ${reduction} times smaller`,
    )
  const size: Size = [map[0]!, map[1]!]
  return {
    channels: network.channels,
    // To the rest of the model, a patch is what one position of the grid sees of the image.
    patch: [reduction * patch[0], reduction * patch[1]],
    backbone: { network, names, patch },
    positions: { covers: 'all-but-registers', grid: gridOf(size, patch), resize: 'hf-bicubic' },
  }
}
