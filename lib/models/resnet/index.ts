import { ConvNet } from '../convnet/convnet.js'
import { family } from '../family.js'
import { checkSizes } from '../sizes.js'
import { huggingFace } from './hugging-face.js'
import { readResNet } from './modules.js'
import { timm } from './timm.js'
import { torchvision } from './torchvision.js'

/** ResNet, ResNeXt, Wide ResNet and their descendants with channel attention, in all published layouts. */
export const resnet = family({
  name: 'resnet',
  layouts: [huggingFace, timm, torchvision],
  build(parts, { spec, names }, reader) {
    const widths = spec.stages.flatMap(({ first, inner, width }) => [first, inner, width])
    const stem = spec.stem.convolutions.map(({ outputs }) => outputs)
    const layers = spec.stages.map(({ depth }) => depth)
    checkSizes(parts.config.file, { layers, width: [...stem, ...widths] })
    return new ConvNet(parts, readResNet(reader, spec, names))
  },
  reference: async () => (await import('../convnet/reference.js')).convNetReference,
})
