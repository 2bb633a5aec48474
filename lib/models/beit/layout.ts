import type { Description, Layout } from '../family.js'
import type { BeitConfig } from './config.js'
import type { BeitHeads } from './heads.js'
import type { BeitNames } from './names.js'

/** Description of one BEiT. */
export interface BeitDescription extends Description {
  readonly spec: BeitConfig
  readonly names: BeitNames
  readonly heads: BeitHeads
  /** Module of the backbone; undefined for the bare model. */
  readonly prefix: string | undefined
}

export type BeitLayout = Layout<BeitDescription>
