import { configInvalid, isSet, object, positiveInt, positiveInts } from '../../files/config.js'
import { type Description, family, imageTasks, type Layout } from '../family.js'
import { labelsOf } from '../labels.js'
import { checkSizes } from '../sizes.js'
import { AlexNet, type AlexNetSpec, layers, readAlexNet } from './alexnet.js'

/** torchvision.models.alexnet. The class itself has fixed widths; `args` may have others. */
const torchvision: Layout<Description & { readonly spec: AlexNetSpec }> = {
  library: 'torchvision',
  published: ['alexnet'],
  claims: (name) => name === 'alexnet',

  describe({ config }) {
    const args = isSet(config, 'args') ? object(config, 'args') : { ...config, values: {} }
    const known = ['num_classes', 'dropout', 'widths', 'hidden']
    for (const key of Object.keys(args.values))
      if (!known.includes(key))
        throw configInvalid(args, key, `no such argument (supported are ${known.join(', ')})`)
    const widths = positiveInts(args, 'widths', [64, 192, 384, 256, 256])
    if (widths.length !== layers.length) throw configInvalid(args, 'widths', `${layers.length} widths`)
    const hidden = positiveInts(args, 'hidden', [4096, 4096])
    if (hidden.length !== 2) throw configInvalid(args, 'hidden', 'two widths')
    const classes = positiveInt(args, 'num_classes', 1000)
    return {
      spec: { widths, hidden, classes },
      ...{ className: 'AlexNet', tasks: imageTasks(true), labels: labelsOf(config, classes) },
      imageSize: [3, 224, 224],
    }
  },
}

export const alexnet = family({
  name: 'alexnet',
  layouts: [torchvision],
  build(parts, { spec }, reader) {
    checkSizes(parts.config.file, { width: [...spec.widths, ...spec.hidden] })
    return new AlexNet(parts, readAlexNet(reader, spec))
  },
  reference: async () => (await import('./reference.js')).alexNetReference,
})
