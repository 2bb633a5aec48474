import type { Config } from '../../files/config.js'
import type { CheckpointOptions } from '../../weights/checkpoint.js'
import type { WeightReader } from '../../weights/reader.js'
import type { ConfigKind } from '../registry.js'
import type { VitNames } from './names.js'
import type { VitSpec } from './spec.js'
import type { VitParts } from './vit.js'

/** What a layout says of one model. */
export interface VitDescription {
  readonly spec: VitSpec
  readonly names: VitNames
  /** The class in the library. */
  readonly className: string
  readonly labels?: readonly string[] | undefined
  readonly interpolates: VitParts['interpolates']
  readonly publish: VitParts['publish']
}

/** A form in which a library publishes vision Transformers. */
export interface VitLayout {
  /** As {@link ConfigKind} names it. */
  readonly library: string
  /** What of that library is a vision Transformer, for error messages. */
  readonly published: readonly string[]
  claims(name: string): boolean
  /** How to open the weights. */
  checkpoint?(config: Config): CheckpointOptions
  /** Reads the config; `reader` knows which tensors are stored. Declares what may be left over. */
  describe(config: Config, kind: ConfigKind, reader: WeightReader): VitDescription
}
