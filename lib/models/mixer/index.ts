import { family } from '../family.js'
import { checkSizes } from '../sizes.js'
import { Mixer, readMixer } from './mixer.js'
import { timm } from './timm.js'

/** MLP-Mixer (Tolstikhin et al. 2021), ResMLP, gMLP and gMixer. */
export const mixer = family({
  name: 'mixer',
  layouts: [timm],
  build(parts, { spec }, reader) {
    const { image, patch, width, hidden, depth } = spec
    const patches = Math.floor(image[0] / patch[0]) * Math.floor(image[1] / patch[1])
    checkSizes(parts.config.file, { layers: depth, width: [width, ...hidden], patches })
    return new Mixer(parts, spec, readMixer(reader, spec))
  },
  reference: async () => (await import('./reference.js')).mixerReference,
})
