import type { Description, Layout } from '../family.js'
import type { SwinHeads } from './modules.js'
import type { SwinNames, SwinSpec } from './spec.js'

/** Description of one Swin. */
export interface SwinDescription extends Description {
  readonly spec: SwinSpec
  readonly names: SwinNames
  readonly heads: SwinHeads
  /** The module that has the names without heads; undefined: the checkpoint. */
  readonly scope: string | undefined
}

export type SwinLayout = Layout<SwinDescription>
