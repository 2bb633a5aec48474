import { SaccadeError } from '../../errors.js'
import { withWeights } from '../open.js'
import type { Architecture } from '../registry.js'
import { dino } from './dino.js'
import { huggingFace } from './hugging-face.js'
import type { VitLayout } from './layout.js'
import { readVit } from './read.js'
import { checkSpec } from './spec.js'
import { timm } from './timm.js'
import { torchvision } from './torchvision.js'
import { Vit } from './vit.js'

const layouts: readonly VitLayout[] = [huggingFace, timm, torchvision, dino]

function layoutOf(library: string): VitLayout | undefined {
  return layouts.find((layout) => layout.library === library)
}

/** Vision Transformers: ViT, DeiT, DINO, DINOv2, in each layout they are published in. */
export const vit: Architecture = {
  name: 'vit',
  published: layouts.flatMap(({ library, published }) => published.map((name) => `${library} ${name}`)),
  claims: ({ library, name }) => layoutOf(library)?.claims(name) ?? false,

  async open(request) {
    const { config, kind, session } = request
    const layout = layoutOf(kind.library)
    if (!layout) throw new SaccadeError('INTERNAL', `no layout of vision Transformers for ${kind.library}`)
    return withWeights(request, layout.checkpoint?.(config) ?? {}, (reader, checkpoint) => {
      const { spec, names, className, labels, interpolates, publish } = layout.describe(config, kind, reader)
      checkSpec(spec, config.file)
      const classifies = spec.head.classes > 0 && spec.head.pooling !== 'none'
      return new Vit({
        info: {
          architecture: 'vit',
          layout: `${kind.library} ${className}`,
          tasks: [...(classifies ? ['image-classification'] : []), 'image-feature-extraction'],
          labels,
          imageSize: [spec.channels, ...spec.image],
        },
        ...{ checkpoint, config, session, spec, interpolates, publish },
        modules: readVit(reader, spec, names),
      })
    })
  },
}
