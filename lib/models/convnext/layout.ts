import type { Description, Layout } from '../family.js'
import type { ConvNextReference } from './convnext.js'
import type { ConvNextNames, ConvNextSpec } from './spec.js'

/** What a layout says of one ConvNeXt. */
export interface ConvNextDescription extends Description {
  readonly spec: ConvNextSpec
  readonly names: ConvNextNames
  readonly reference: ConvNextReference
}

export type ConvNextLayout = Layout<ConvNextDescription>
