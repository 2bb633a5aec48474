import { SaccadeError } from '../errors.js'
import type { DType } from '../graph/dtype.js'
import { formatShape, type Shape, sameShape } from '../graph/shape.js'
import { cast } from '../ops/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Checkpoint } from './checkpoint.js'
import { dtypeOfFile } from './entry.js'

/** A tensor of the checkpoint that the model leaves out on purpose. */
export interface IgnoredTensor {
  readonly name: string
  readonly reason: string
}

interface Books {
  readonly taken: Set<string>
  readonly rules: { readonly matches: (name: string) => boolean; readonly reason: string }[]
}

const floats: readonly (DType | undefined)[] = ['float32', 'float16', 'bfloat16']
const listed = 10

/**
 * Hands the tensors of a checkpoint to the modules of a model, and keeps the books: each is taken with the shape the
 * module needs, and at the end none may be left over that the layout did not declare ignorable. A checkpoint of
 * another model, or of another size, cannot pass for this one.
 */
export class WeightReader {
  readonly checkpoint: Checkpoint
  readonly prefix: string
  readonly #books: Books

  constructor(checkpoint: Checkpoint, prefix = '', books: Books = { taken: new Set(), rules: [] }) {
    this.checkpoint = checkpoint
    this.prefix = prefix
    this.#books = books
  }

  /** A reader of the names that begin with `name` and a dot. The books are shared. */
  scope(name: string | number): WeightReader {
    return new WeightReader(this.checkpoint, `${this.prefix}${name}.`, this.#books)
  }

  has(name: string): boolean {
    return this.checkpoint.has(this.prefix + name)
  }

  /** The shape of a tensor that may be there, for layouts that are told apart by it. */
  shapeOf(name: string): Shape | undefined {
    return this.has(name) ? this.checkpoint.info(this.prefix + name).shape : undefined
  }

  /**
   * The weight of that name; half precision is widened when a program is made.
   * @returns float32, of the shape asked for
   * @throws TENSOR_MISSING naming similar names; SHAPE_MISMATCH naming both shapes; DTYPE_MISMATCH
   */
  take<const S extends Shape>(name: string, shape: S): Tensor<'float32', S> {
    const full = this.prefix + name
    if (!this.checkpoint.has(full)) throw this.#missing(full, shape)
    const info = this.checkpoint.info(full)
    const place = full === info.publishedName ? full : `${full} (stored as ${info.publishedName})`
    if (!sameShape(info.shape, shape))
      throw new SaccadeError(
        'SHAPE_MISMATCH',
        `${info.file}: ${place} is ${formatShape(info.shape)}, the model's config asks for ${formatShape(shape)}`,
      )
    if (!floats.includes(dtypeOfFile[info.dtype]))
      throw new SaccadeError(
        'DTYPE_MISMATCH',
        `${info.file}: ${place} is ${info.dtype}; weights are F32, F16 or BF16`,
      )
    this.#books.taken.add(full)
    return cast(this.checkpoint.tensor(full), 'float32') as Tensor<'float32', S>
  }

  /** As {@link take}, but undefined when there is no such tensor. One of the wrong shape is still an error. */
  maybe<const S extends Shape>(name: string, shape: S): Tensor<'float32', S> | undefined {
    return this.has(name) ? this.take(name, shape) : undefined
  }

  /**
   * Declares tensors that the model has no use for: a name, or a pattern tried on the names after this reader's prefix.
   * @param reason for people: why it is right to leave them out
   */
  ignore(pattern: string | RegExp, reason: string): void {
    const { prefix } = this
    this.#books.rules.push({
      reason,
      matches: (name) => {
        if (!name.startsWith(prefix)) return false
        const local = name.slice(prefix.length)
        return typeof pattern === 'string' ? local === pattern : local.search(pattern) >= 0
      },
    })
  }

  /** Names under this reader's prefix that were neither taken nor declared ignorable. */
  rest(): string[] {
    return this.#surplus().filter((name) => name.startsWith(this.prefix))
  }

  /** What is left out on purpose. */
  ignored(): IgnoredTensor[] {
    const { taken, rules } = this.#books
    return this.checkpoint.names().flatMap((name) => {
      const rule = taken.has(name) ? undefined : rules.find(({ matches }) => matches(name))
      return rule ? [{ name, reason: rule.reason }] : []
    })
  }

  /** To be called when the model is complete. @throws TENSOR_UNEXPECTED listing what the model has no place for */
  finish(): void {
    const surplus = this.#surplus()
    if (surplus.length === 0) return
    const more = surplus.length > listed ? ` and ${surplus.length - listed} more` : ''
    throw new SaccadeError(
      'TENSOR_UNEXPECTED',
      `${this.checkpoint.path} holds tensors the model has no place for: ${surplus.slice(0, listed).join(', ')}${more}`,
    )
  }

  #surplus(): string[] {
    const { taken, rules } = this.#books
    return this.checkpoint
      .names()
      .filter((name) => !taken.has(name) && !rules.some(({ matches }) => matches(name)))
  }

  #missing(name: string, shape: Shape): SaccadeError {
    const near = nearest(name, this.#surplus())
    const hint = near.length > 0 ? `; similar names there: ${near.join(', ')}` : ''
    return new SaccadeError(
      'TENSOR_MISSING',
      `${this.checkpoint.path} has no tensor ${name} of shape ${formatShape(shape)}${hint}`,
    )
  }
}

/** Up to three names that differ by another prefix or by a few letters, the closest first. */
function nearest(name: string, candidates: readonly string[]): string[] {
  const limit = Math.max(2, Math.floor(name.length / 5))
  return candidates
    .map((candidate) => {
      const nested = candidate.endsWith(`.${name}`) || name.endsWith(`.${candidate}`)
      return { candidate, distance: nested ? 0 : editDistance(name, candidate) }
    })
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** Levenshtein's distance. */
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
