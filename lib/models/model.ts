import type { Precision } from '../compiler/target.js'
import { SaccadeError } from '../errors.js'
import type { Config } from '../files/config.js'
import type { RunOptions } from '../runtime/run-options.js'
import { evaluate } from '../tensor/evaluate.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Checkpoint } from '../weights/checkpoint.js'

/** What is known of a loaded model. */
export interface ModelInfo {
  /** Family, such as 'vit'. */
  readonly architecture: string
  /** Whose layout the checkpoint has, and the class in that library: 'transformers ViTForImageClassification'. */
  readonly layout: string
  /** Tasks of pipeline() the model can serve, the main one first; none for a bare backbone of another kind. */
  readonly tasks: readonly string[]
  /** Class names by id, where the config has them. */
  readonly labels?: readonly string[] | undefined
  /** [channels, height, width] of the images the model was made for. */
  readonly imageSize?: readonly [number, number, number] | undefined
}

/** How a model runs; fixed when it is loaded. */
export interface ModelSettings {
  readonly precision: Precision
  readonly threads: number | undefined
}

/** What a model is made of. */
export interface ModelParts {
  readonly info: ModelInfo
  readonly checkpoint: Checkpoint
  readonly config: Config
  readonly settings: ModelSettings
}

/** A loaded model: weights, and a way to run them. */
export abstract class Model {
  readonly info: ModelInfo
  readonly config: Config
  readonly checkpoint: Checkpoint
  readonly settings: ModelSettings
  #disposed = false

  constructor(parts: ModelParts) {
    this.info = parts.info
    this.config = parts.config
    this.checkpoint = parts.checkpoint
    this.settings = parts.settings
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** Computes tensors with the model's precision and threads. */
  protected async compute(tensors: readonly (Tensor | undefined)[], options: RunOptions = {}): Promise<void> {
    const { signal, threads = this.settings.threads, precision = this.settings.precision } = options
    await evaluate(
      tensors.filter((tensor) => tensor !== undefined),
      { signal, threads, precision },
    )
  }

  /** Throws DISPOSED after dispose(). Every public method of a model begins with it. */
  protected checkAlive(): void {
    if (this.#disposed) throw new SaccadeError('DISPOSED', `the model ${this.checkpoint.path} was disposed`)
  }

  /** Lets go of weights and programs. Results that were computed stay. */
  dispose(): void {
    this.#disposed = true
    this.checkpoint.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
