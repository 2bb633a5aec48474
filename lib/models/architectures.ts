import { bert } from './bert/index.js'
import { clip } from './clip/index.js'
import { convnext } from './convnext/index.js'
import { marian } from './marian/index.js'
import type { Architecture } from './registry.js'
import { transformer } from './transformer/index.js'
import { vit } from './vit/index.js'

/** All families, in the order in which load() checks whether one claims a config. */
export const architectures: readonly Architecture[] = [vit, convnext, transformer, marian, bert, clip]
