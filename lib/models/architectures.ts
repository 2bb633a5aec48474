import { alexnet } from './alexnet/index.js'
import { align } from './align/index.js'
import { beit } from './beit/index.js'
import { bert } from './bert/index.js'
import { bit } from './bit/index.js'
import { clip } from './clip/index.js'
import { convnext } from './convnext/index.js'
import { depth } from './dpt/index.js'
import { efficientnet } from './efficientnet/index.js'
import { gpt2 } from './gpt2/index.js'
import { mae } from './mae/index.js'
import { marian } from './marian/index.js'
import { mixer } from './mixer/index.js'
import { nfnet } from './nfnet/index.js'
import { resnet } from './resnet/index.js'
import { segformer } from './segformer/index.js'
import { siglip } from './siglip/index.js'
import { swin } from './swin/index.js'
import { transformer } from './transformer/index.js'
import { vit } from './vit/index.js'

/** All families. A config belongs to the first one that claims it. */
export const architectures = [
  ...[vit, mae, convnext, transformer, marian, bert, gpt2],
  ...[clip, siglip, align],
  ...[resnet, bit, efficientnet, nfnet, alexnet, mixer],
  ...[swin, beit, segformer, depth],
]
