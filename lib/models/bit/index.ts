import { readPointwise } from '../../nn/linear.js'
import { ConvNet } from '../convnet/convnet.js'
import { family } from '../family.js'
import { huggingFace } from './hugging-face.js'
import { readBit, readLastNorm } from './modules.js'
import { checkBitSizes } from './stages.js'
import { timm } from './timm.js'

/** ResNet V2 (He et al. 2016), and BiT (Kolesnikov et al. 2019): that with weight standardisation and group norm. */
export const bit = family({
  name: 'bit',
  layouts: [huggingFace, timm],
  build(parts, { spec, names, head }, reader) {
    checkBitSizes(parts.config.file, spec)
    const { stem, stages, width } = readBit(reader, spec, names)
    const last = spec.preactivation ? readLastNorm(reader, spec, names, width) : undefined
    const features = head.pooling === 'average-and-max' ? 2 * width : width
    const { classes, pooling } = head
    return new ConvNet(parts, {
      input: { channels: spec.channels, smallest: 1 },
      ...{ stem, stages, pooling, last },
      classifier: classes > 0 ? readPointwise(reader, names.classifier, features, classes) : undefined,
    })
  },
  reference: async () => (await import('../convnet/reference.js')).convNetReference,
})
