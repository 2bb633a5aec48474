import type { Description, Layout } from '../family.js'
import type { BitHeadSpec, BitNames, BitSpec } from './spec.js'

/** Description of one BiT. */
export interface BitDescription extends Description {
  readonly spec: BitSpec
  readonly head: BitHeadSpec
  readonly names: BitNames
}

export type BitLayout = Layout<BitDescription>
