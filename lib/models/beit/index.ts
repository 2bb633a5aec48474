import { family, imageTasks, transformers } from '../family.js'
import { labelsOf } from '../labels.js'
import { Beit } from './beit.js'
import { readBeitConfig } from './config.js'
import { classOf, headsOf } from './heads.js'
import type { BeitLayout } from './layout.js'
import { readModules } from './modules.js'
import { huggingFaceNames } from './names.js'
import { timm } from './timm.js'

/** Names by model type: that of the classes, and the prefix of the backbone in classes with a head. */
const families = { beit: 'Beit', 'data2vec-vision': 'Data2VecVision' } as const
const prefixes = { beit: 'beit', 'data2vec-vision': 'data2vec_vision' } as const

/** The classes of Beit and Data2VecVision of transformers. */
const huggingFace: BeitLayout = {
  ...transformers(families),
  checkpoint: () => ({ rename: publishedName }),

  describe({ config, kind }, reader) {
    const type = isFamily(kind.name) ? kind.name : 'beit'
    const isNested = reader.has(`${prefixes[type]}.embeddings.cls_token`)
    const backbone = isNested ? reader.scope(prefixes[type]) : reader
    const spec = readBeitConfig(config, backbone.has('embeddings.mask_token'))
    const className = classOf(config, families[type], reader)
    const pooler = !spec.meanPooling || backbone.has('pooler.layernorm.weight')
    const heads = headsOf(config, className, reader, pooler)
    if (className !== 'ForImageClassification')
      backbone.ignore(/^pooler\./, 'classes with another head do not use it')
    const classes = heads.classes + (heads.segments?.classes ?? 0)
    const { channels, image } = spec.embedding
    return {
      ...{ spec, names: huggingFaceNames, heads, className: `${families[type]}${className}` },
      prefix: isNested ? prefixes[type] : undefined,
      tasks: heads.segments ? ['image-segmentation'] : imageTasks(heads.classes > 0),
      labels: classes > 0 ? labelsOf(config, classes) : undefined,
      imageSize: [channels, ...image],
    }
  },
}

/** The published name of a tensor of a decode head. transformers 5 saves that of Data2Vec under names of its own. */
function publishedName(name: string): string {
  return name
    .replace(/^(decode_head\.psp_modules)\.blocks\.(\d+)\.conv\./, '$1.$2.1.')
    .replace(/^decode_head\.psp_bottleneck\./, 'decode_head.bottleneck.')
    .replace(/^(decode_head\..*)\.convolution\./, '$1.conv.')
    .replace(/^(decode_head\..*)\.normalization\./, '$1.bn.')
}

function isFamily(name: string): name is keyof typeof families {
  return Object.hasOwn(families, name)
}

export const beit = family({
  name: 'beit',
  layouts: [huggingFace, timm],
  build(parts, { spec, names, heads, prefix }, reader) {
    const backbone = prefix === undefined ? reader : reader.scope(prefix)
    return new Beit(parts, spec, heads, readModules(reader, backbone, names, spec, heads))
  },
  reference: async () => (await import('./reference.js')).beitReference,
})
