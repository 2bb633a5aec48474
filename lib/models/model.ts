import { dispose } from '../dispose.js'
import { invalid, SaccadeError, show } from '../errors.js'
import type { Config } from '../files/config.js'
import type { RunOptions } from '../runtime/run-options.js'
import type { Session } from '../runtime/session.js'
import { evaluate } from '../tensor/evaluate.js'
import type { Tensor } from '../tensor/tensor.js'
import { attempt } from '../values.js'
import { Checkpoint } from '../weights/checkpoint.js'
import type { IgnoredTensor } from '../weights/reader.js'

/** Description of a loaded model. */
export interface ModelInfo {
  /** Family, such as 'vit'. */
  readonly architecture: string
  /** Library and class of the checkpoint's layout: 'transformers ViTForImageClassification'. */
  readonly layout: string
  /** Tasks of pipeline() that the model supports, the main one first; may be empty. */
  readonly tasks: readonly string[]
  /** Class names by id; undefined for a model that does not classify. */
  readonly labels?: readonly string[] | undefined
  /** Descriptions of classes by name, which some configs of timm have. */
  readonly labelDescriptions?: ReadonlyMap<string, string> | undefined
  /** [channels, height, width] of the images that the model was trained on. */
  readonly imageSize?: readonly [number, number, number] | undefined
  /** Tensors of the files that the model does not use, such as the head of another class, each with the reason. */
  readonly unused: readonly IgnoredTensor[]
}

/** Constructor arguments of every model. */
export interface ModelParts {
  readonly info: ModelInfo
  readonly checkpoint: Checkpoint
  readonly config: Config
  readonly session: Session
}

/** A model of a family. `never`: each family has inputs and options of its own. */
export interface RunnableModel extends Model {
  run(inputs: never, options?: never): Promise<object>
}

/** A loaded model. */
export abstract class Model {
  readonly info: ModelInfo
  readonly config: Config
  readonly checkpoint: Checkpoint
  /** Device, dtype and threads: set by load(), and carried by the model's results. */
  readonly session: Session
  #disposed = false

  constructor(parts: ModelParts) {
    if (attempt(() => parts.checkpoint instanceof Checkpoint) !== true)
      throw invalid(
        'INPUT_INVALID',
        new.target.name,
        'the parts of a model (load() makes models)',
        show(parts),
      )
    this.info = parts.info
    this.config = parts.config
    this.checkpoint = parts.checkpoint
    this.session = parts.session
  }

  get disposed(): boolean {
    return this.#disposed
  }

  /** Computes tensors in the model's session. @param options.threads takes precedence over the session's */
  protected async compute(
    tensors: readonly Tensor[],
    { signal, threads }: Pick<RunOptions, 'signal' | 'threads'> = {},
  ): Promise<void> {
    await evaluate(tensors, { session: this.session, threads, signal })
  }

  /** Throws DISPOSED after dispose(). Every public method of a model calls it first. */
  protected checkAlive(): void {
    if (this.#disposed) throw new SaccadeError('DISPOSED', `the model ${this.checkpoint.path} was disposed`)
  }

  /** Releases weights and programs. Computed results stay valid. */
  dispose(): void {
    this.#disposed = true
    this.checkpoint.dispose()
  }

  [dispose](): void {
    this.dispose()
  }

  /** For JSON.stringify: the description without the weights. */
  toJSON(): ModelInfo {
    return this.info
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    const { device, dtype } = this.session
    const state = this.#disposed ? ', disposed' : ''
    return `${this.constructor.name} (${this.info.layout}, ${device}, ${dtype}${state})`
  }
}
