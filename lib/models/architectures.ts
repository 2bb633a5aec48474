import { bert } from './bert/index.js'
import { clip } from './clip/index.js'
import { convnext } from './convnext/index.js'
import { gpt2 } from './gpt2/index.js'
import { mae } from './mae/index.js'
import { marian } from './marian/index.js'
import type { Architecture } from './registry.js'
import { transformer } from './transformer/index.js'
import { vit } from './vit/index.js'

/** All families. A config belongs to the first one that claims it. */
export const architectures: readonly Architecture[] = [
  vit,
  mae,
  convnext,
  transformer,
  marian,
  bert,
  clip,
  gpt2,
]
