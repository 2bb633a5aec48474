import type { Activation } from '../../nn/activation.js'
import type { Grid } from '../../nn/grid-bias.js'
import type { WindowOptions } from '../../nn/windows.js'

/** Layers between two changes of the grid. */
export interface SwinStage {
  readonly width: number
  readonly depth: number
  readonly heads: number
  /** Width of a head; the heads together may have another width than the stage. */
  readonly headWidth: number
  readonly feedForward: number
  readonly window: Grid
  /** By how many rows and columns the windows of every second layer are displaced. */
  readonly shift: Grid
  /** Window of the training, by which distances are measured (Swin V2); 0: that of the stage. */
  readonly trainedWindow: Grid
}

/** All differences between published Swin Transformers. */
export interface SwinSpec {
  /**
   * 1 (Liu et al. 2021): scaled products, a table of biases, norms before the parts. 2 (Liu et al. 2022): cosines, biases of
   * an MLP of distances, norms after the parts.
   */
  readonly version: 1 | 2
  readonly channels: number
  readonly image: Grid
  readonly patch: Grid
  readonly stages: readonly SwinStage[]
  readonly queryKeyValueBias: boolean
  readonly activation: Activation
  /** Epsilon of the norms in and after the layers. Those of the patches are always 1e-5. */
  readonly epsilon: number
  /** Whether patches have learned position embeddings besides the relative biases. */
  readonly absolutePositions: boolean
  readonly windows: WindowOptions
  /** Images: of this size; with one whole window on the last grid; or any. */
  readonly accepts: 'exact' | 'whole-window' | 'any'
  /** Hidden states are those after the layers of a stage, instead of after the merging of patches. */
  readonly statesBeforeMerging: boolean
}

/** Names of modules in a layout. */
export interface SwinNames {
  readonly patches: string
  readonly patchNorm: string
  readonly positions: string
  readonly maskToken: string
  block(stage: number, index: number): string
  /** In a block. */
  readonly attention: SwinAttentionNames
  readonly norms: readonly [attention: string, mlp: string]
  readonly mlp: readonly [first: string, second: string]
  /** The merging of patches after a stage. */
  merging(stage: number): string
  readonly norm: string
  readonly classifier: string
}

export interface SwinAttentionNames {
  /** One name if they are stored as one matrix, whose biases of query and value Swin V2 stores apart. */
  readonly queryKeyValue: string | readonly [query: string, key: string, value: string]
  readonly queryValueBiases: readonly [query: string, value: string] | undefined
  readonly output: string
  readonly biasTable: string
  /** Version 2. */
  readonly logitScale: string
  readonly biasMlp: readonly [first: string, second: string]
}
