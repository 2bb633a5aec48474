import type { Description, Layout } from '../family.js'
import type { ResNetNames, ResNetSpec } from './spec.js'

/** Description of one ResNet. */
export interface ResNetDescription extends Description {
  readonly spec: ResNetSpec
  readonly names: ResNetNames
}

export type ResNetLayout = Layout<ResNetDescription>
