import { ConvNet } from '../convnet/convnet.js'
import { family } from '../family.js'
import { checkSizes } from '../sizes.js'
import { readNfNet } from './modules.js'
import { timm } from './timm.js'

/** NFNet, and ResNets and RegNets without norms (Brock et al. 2021). */
export const nfnet = family({
  name: 'nfnet',
  layouts: [timm],
  build(parts, { spec }, reader) {
    const widths = spec.stages.flat().flatMap(({ inner, outputs }) => [inner, outputs])
    const stem = spec.stem.convolutions.map(({ outputs }) => outputs)
    checkSizes(parts.config.file, { width: [...stem, ...widths, spec.features] })
    return new ConvNet(parts, readNfNet(reader, spec))
  },
  reference: async () => (await import('../convnet/reference.js')).convNetReference,
})
