import type { Architecture } from '../registry.js'
import { openHuggingFace } from './hugging-face.js'
import { isTimmConvNext, openTimm } from './timm.js'
import { isTorchvisionConvNext, openTorchvision } from './torchvision.js'

const modelTypes = ['convnext', 'convnextv2']

export const convnext: Architecture = {
  name: 'convnext',
  published: [...modelTypes, 'timm convnext_*, convnextv2_*', 'torchvision convnext_*'],
  claims({ library, name }) {
    if (library === 'transformers') return modelTypes.includes(name)
    if (library === 'timm') return isTimmConvNext(name)
    return library === 'torchvision' && isTorchvisionConvNext(name)
  },
  open(request) {
    const opens = { transformers: openHuggingFace, timm: openTimm, torchvision: openTorchvision }
    return opens[request.kind.library as keyof typeof opens](request)
  },
}
