import type { ConvolutionNames, ResNetNames, ResNetSpec } from './spec.js'

/** The names of torchvision, which timm has too. A stem of three convolutions is numbered with its norms and activations. */
export function authorsNames({ stem, shortcut, antiAliasing }: ResNetSpec): ResNetNames {
  const numbered = (scope: string, index: number): ConvolutionNames => ({
    convolution: `${scope}.${index}`,
    norm: `${scope}.${index + 1}`,
  })
  const last = stem.convolutions.length - 1
  return {
    stem: (index) => {
      if (last === 0) return { convolution: 'conv1', norm: 'bn1' }
      const names = numbered('conv1', 3 * index)
      return index === last ? { ...names, norm: 'bn1' } : names
    },
    // The pooling between the two is numbered, too.
    reduction: { convolution: 'maxpool.0', norm: `maxpool.${antiAliasing ? 2 : 1}` },
    block: (stage, block) => {
      const scope = `layer${stage + 1}.${block}`
      return {
        convolution: (index) => ({
          convolution: `${scope}.conv${index + 1}`,
          norm: `${scope}.bn${index + 1}`,
        }),
        // The pooling of an averaging shortcut is numbered, too.
        shortcut: numbered(`${scope}.downsample`, shortcut === 'average' ? 1 : 0),
        attention: `${scope}.se`,
      }
    },
    classifier: 'fc',
  }
}
