import { SaccadeError } from '../errors.js'
import type { Config } from '../files/config.js'
import type { RunOptions } from '../runtime/run-options.js'
import type { Session } from '../runtime/session.js'
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

/** What a model is made of. */
export interface ModelParts {
  readonly info: ModelInfo
  readonly checkpoint: Checkpoint
  readonly config: Config
  readonly session: Session
}

/** A loaded model: weights, and a way to run them. */
export abstract class Model {
  readonly info: ModelInfo
  readonly config: Config
  readonly checkpoint: Checkpoint
  /** How it runs: fixed when it is loaded, and carried by its results. */
  readonly session: Session
  #disposed = false

  constructor(parts: ModelParts) {
    this.info = parts.info
    this.config = parts.config
    this.checkpoint = parts.checkpoint
    this.session = parts.session
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** Computes tensors in the model's session, but for the number of threads, if it is given. */
  protected async compute(
    tensors: readonly (Tensor | undefined)[],
    { signal, threads }: Pick<RunOptions, 'signal' | 'threads'> = {},
  ): Promise<void> {
    await evaluate(
      tensors.filter((tensor) => tensor !== undefined),
      { session: this.session, threads, signal },
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
