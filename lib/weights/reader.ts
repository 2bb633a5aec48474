import { invalid, SaccadeError, shorten } from '../errors.js'
import { formatShape, type Shape, sameShape } from '../graph/shape.js'
import { cast } from '../ops/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Checkpoint } from './checkpoint.js'
import type { FileDType } from './entry.js'

/** A tensor of the checkpoint that the model does not use on purpose. */
export interface IgnoredTensor {
  readonly name: string
  readonly reason: string
}

interface Usage {
  readonly taken: Set<string>
  readonly missing: string[]
  readonly rules: { readonly matches: (name: string) => boolean; readonly reason: string }[]
}

const floats: readonly FileDType[] = ['F32', 'F16', 'BF16', 'F64']
const listed = 10
/** Names that are compared with a missing one: the distance takes a microsecond for each pair of letters. */
const compared = 2000

/**
 * Gives the tensors of a checkpoint to the modules of a model, and records which were used. Each tensor must have the
 * shape that the module needs, and at the end all must be used or declared ignorable by the layout. So the checkpoint of
 * another model, or of another size, is refused.
 */
export class WeightReader {
  readonly checkpoint: Checkpoint
  readonly prefix: string
  readonly #usage: Usage

  constructor(
    checkpoint: Checkpoint,
    prefix = '',
    usage: Usage = { taken: new Set(), missing: [], rules: [] },
  ) {
    this.checkpoint = checkpoint
    this.prefix = prefix
    this.#usage = usage
  }

  /** A reader of the names that begin with `name` and a dot. It shares the record of used tensors. */
  scope(name: string | number): WeightReader {
    return new WeightReader(this.checkpoint, `${this.prefix}${name}.`, this.#usage)
  }

  has(name: string): boolean {
    return this.checkpoint.has(this.prefix + name)
  }

  /** The shape of an optional tensor, from which some layouts are identified. */
  shapeOf(name: string): Shape | undefined {
    return this.has(name) ? this.checkpoint.info(this.prefix + name).shape : undefined
  }

  /**
   * The weight of that name. Half precision is converted when a program is made.
   * @returns float32 of that shape
   * @throws TENSOR_MISSING naming similar names; SHAPE_MISMATCH naming both shapes; DTYPE_MISMATCH
   */
  take<const S extends Shape>(name: string, shape: S): Tensor<'float32', S> {
    const full = this.prefix + name
    if (!this.checkpoint.has(full)) throw this.#missing([full], shape)
    const info = this.checkpoint.info(full)
    const stored = full === info.publishedName ? full : `${full} (stored as ${info.publishedName})`
    if (!sameShape(info.shape, shape))
      throw invalid(
        'SHAPE_MISMATCH',
        `${info.file}: ${stored}`,
        `${formatShape(shape)}, by the model's config`,
        formatShape(info.shape),
      )
    if (!floats.includes(info.dtype))
      throw invalid('DTYPE_MISMATCH', `${info.file}: ${stored}`, floats.join(', '), info.dtype)
    this.#usage.taken.add(full)
    return cast(this.checkpoint.tensor(full), 'float32') as Tensor<'float32', S>
  }

  /** As {@link take}, but undefined if there is no such tensor. One of another shape is an error. */
  maybe<const S extends Shape>(name: string, shape: S): Tensor<'float32', S> | undefined {
    return this.has(name) ? this.take(name, shape) : undefined
  }

  /**
   * The weight of that name, or where it is not stored, one that is tied to it. A tied weight that is stored under its own
   * name is used from there: transformers 5 does not tie weights that are stored with different values.
   * @param others full names of the tied weights, the first that is stored is taken
   */
  takeTied<const S extends Shape>(name: string, others: readonly string[], shape: S): Tensor<'float32', S> {
    const names: [string, ...string[]] = [this.prefix + name, ...others]
    const stored = names.find((each) => this.checkpoint.has(each))
    if (stored === undefined) throw this.#missing(names, shape)
    return new WeightReader(this.checkpoint, '', this.#usage).take(stored, shape)
  }

  /**
   * Declares tensors that the model does not use.
   * @param pattern a name or a pattern, matched after this reader's prefix
   * @param reason why the results are right without them
   */
  ignore(pattern: string | RegExp, reason: string): void {
    const { prefix } = this
    this.#usage.rules.push({
      reason,
      matches: (name) => {
        if (!name.startsWith(prefix)) return false
        const local = name.slice(prefix.length)
        return typeof pattern === 'string' ? local === pattern : local.search(pattern) >= 0
      },
    })
  }

  /** Names under this reader's prefix that are neither used nor declared ignorable. */
  rest(): string[] {
    return this.#unused().filter((name) => name.startsWith(this.prefix))
  }

  /** Full names of weights that were asked for in vain; several for one that may have any of them. */
  get missing(): readonly string[] {
    return this.#usage.missing
  }

  /** The stored tensors that the model does not use, each with the reason: to be listed when the model is complete. */
  ignored(): IgnoredTensor[] {
    const { taken, rules } = this.#usage
    const outside = this.checkpoint.outside.map((name) => ({
      name,
      reason: `not under ${this.checkpoint.prefix}, where the model is`,
    }))
    const inside = this.checkpoint.names().flatMap((name) => {
      const rule = taken.has(name) ? undefined : rules.find(({ matches }) => matches(name))
      return rule ? [{ name: this.checkpoint.prefix + name, reason: rule.reason }] : []
    })
    return [...inside, ...outside]
  }

  /**
   * Declares the tensors outside the model, such as another class's head or a counter of the training, which the library of
   * the checkpoint leaves out too: those whose first module is one that the model takes nothing from. So a layer too many,
   * or a part of the model that the config does not tell of, is still unexpected.
   */
  ignoreForeign(): void {
    const used = new Set([...this.#usage.taken].map(firstModule))
    this.#usage.rules.push({
      reason: 'outside the model: of the head of another class, or of the training',
      matches: (name) => !used.has(firstModule(name)),
    })
  }

  /** Call when the model is complete. @throws TENSOR_UNEXPECTED listing the tensors that the model does not use */
  finish(): void {
    const unused = this.#unused()
    if (unused.length === 0) return
    const more = unused.length > listed ? ` and ${unused.length - listed} more` : ''
    throw new SaccadeError(
      'TENSOR_UNEXPECTED',
      `${this.checkpoint.path} has tensors that the model does not use: ${unused.slice(0, listed).map(shorten).join(', ')}${more}`,
    )
  }

  #unused(): string[] {
    const { taken, rules } = this.#usage
    return this.checkpoint
      .names()
      .filter((name) => !taken.has(name) && !rules.some(({ matches }) => matches(name)))
  }

  #missing(names: readonly [string, ...string[]], shape: Shape): SaccadeError {
    this.#usage.missing.push(...names)
    const [name] = names
    const near = nearest(name, this.#unused()).map(shorten)
    const hint = near.length > 0 ? `; similar names there: ${near.join(', ')}` : ''
    return new SaccadeError(
      'TENSOR_MISSING',
      `${this.checkpoint.path} has no tensor ${name} of shape ${formatShape(shape)}${hint}`,
    )
  }
}

/** The first module in a name; the whole name of a tensor that is in no module. */
function firstModule(name: string): string {
  return name.split('.', 1)[0]!
}

/** Up to three similar names, the most similar first: another prefix, or a few other letters. */
function nearest(name: string, candidates: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 5))
  return candidates
    .slice(0, compared)
    .map((candidate) => {
      const nested = candidate.endsWith(`.${name}`) || name.endsWith(`.${candidate}`)
      const far = Math.abs(candidate.length - name.length) > limit
      return {
        candidate,
        distance: nested ? 0 : far ? Number.POSITIVE_INFINITY : editDistance(name, candidate),
      }
    })
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** The Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
