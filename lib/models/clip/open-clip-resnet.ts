import { type Config, configInvalid, positiveInt, positiveInts } from '../../files/config.js'
import { stagesOf } from '../resnet/stages.js'
import type { ResNetTowerSpec } from './resnet-tower.js'

/**
 * The ModifiedResNet of open_clip, and of OpenAI's RN50 to RN50x64: vision_cfg with a list of layers. The other keys of
 * the layers are those of a Transformer, and the library does not read them.
 * @param projection width of the shared space
 * @throws CONFIG_INVALID
 */
export function openClipResNet(config: Config, projection: number): ResNetTowerSpec {
  const depths = positiveInts(config, 'layers')
  if (depths.length !== 4) throw configInvalid(config, 'layers', 'a whole number, or four depths')
  const width = positiveInt(config, 'width', 768)
  if (width < 2) throw configInvalid(config, 'width', 'at least 2 for a ResNet')
  const image = positiveInt(config, 'image_size', 224)
  if (image < 32) throw configInvalid(config, 'image_size', 'at least 32 for a ResNet')
  const features = width * 32
  const heads = Math.floor(features / positiveInt(config, 'head_width', 64))
  if (heads === 0 || features % heads !== 0)
    throw configInvalid(config, 'head_width', `a divisor of the width of the features, ${features}`)
  const half = Math.floor(width / 2)
  return {
    ...{ image, grid: Math.floor(image / 32), heads, projection },
    resnet: {
      channels: 3,
      stem: {
        convolutions: [half, half, width].map((outputs, index) => ({
          ...{ outputs, kernel: 3, stride: index === 0 ? 2 : 1 },
        })),
        reduction: 'max',
      },
      stages: stagesOf({
        ...{ depths, blocks: depths.map(() => 'bottleneck'), dilates: [] },
        planes: [width, 2 * width, 4 * width, 8 * width],
        ...{ groups: 1, baseWidth: 64, reduceFirst: 1 },
      }),
      ...{ groups: 1, activation: 'relu', innerActivation: 'relu', norm: 'batch', antiAliasing: 'average' },
      ...{ attention: undefined, shortcut: 'average-whole', pooling: 'average', classes: 0 },
    },
  }
}
