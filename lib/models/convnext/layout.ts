import type { Description, Layout } from '../family.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

/** Description of one ConvNeXt. */
export interface ConvNextDescription extends Description {
  readonly spec: ConvNextSpec
  readonly names: ConvNextNames
}

export type ConvNextLayout = Layout<ConvNextDescription>
