import type { Shape } from './shape.js'

/**
 * Shapes at the level of types. Ranks are always checked; sizes where both sides are literals. A mistake turns a
 * parameter's type into {@link Mismatch}, whose text the editor shows. `Shape` (a list of unknown rank) fits anything.
 */
export interface Mismatch<Message extends string> {
  readonly mismatch: Message
}

/** True for shapes whose rank is not known to the type checker. */
export type IsDynamic<S extends Shape> = number extends S['length'] ? true : false

/** Whether two sizes can be equal: unknown sizes (`number`) may be anything. */
type Fits<A extends number, B extends number> = number extends A
  ? true
  : number extends B
    ? true
    : A extends B
      ? true
      : false

type Broadcast1<A extends number, B extends number> = A extends 1
  ? B
  : B extends 1
    ? A
    : number extends A
      ? B
      : number extends B
        ? A
        : A extends B
          ? A
          : never

/** Shape of an element-wise result; `never` where the shapes do not broadcast. */
export type Broadcast<A extends Shape, B extends Shape> =
  IsDynamic<A> extends true ? Shape : IsDynamic<B> extends true ? Shape : BroadcastFrom<A, B, []>

type BroadcastFrom<A extends Shape, B extends Shape, Result extends Shape> = A extends readonly [
  ...infer A0 extends Shape,
  infer ALast extends number,
]
  ? B extends readonly [...infer B0 extends Shape, infer BLast extends number]
    ? [Broadcast1<ALast, BLast>] extends [never]
      ? never
      : BroadcastFrom<A0, B0, [Broadcast1<ALast, BLast>, ...Result]>
    : [...A, ...Result]
  : [...B, ...Result]

/** Shape of a matrix product over the last two axes, the axes before them broadcast; `never` if they do not fit. */
export type MatMul<A extends Shape, B extends Shape> =
  IsDynamic<A> extends true
    ? Shape
    : IsDynamic<B> extends true
      ? Shape
      : A extends readonly [...infer ABatch extends Shape, infer M extends number, infer K extends number]
        ? B extends readonly [...infer BBatch extends Shape, infer K2 extends number, infer N extends number]
          ? Fits<K, K2> extends true
            ? [Broadcast<ABatch, BBatch>] extends [never]
              ? never
              : [...Broadcast<ABatch, BBatch>, M, N]
            : never
          : never
        : never

/** Shape of x @ weight^T for weight [O, I]: the last size of x must be I and becomes O. */
export type Linear<X extends Shape, W extends readonly [number, number]> =
  IsDynamic<X> extends true
    ? Shape
    : X extends readonly [...infer Outer extends Shape, infer I extends number]
      ? Fits<I, W[1]> extends true
        ? [...Outer, W[0]]
        : never
      : never

/** A shape with its axes in another order, where both are literal. */
export type Permute<S extends Shape, Axes extends readonly number[]> =
  IsDynamic<S> extends true
    ? Shape
    : IsDynamic<Axes> extends true
      ? Shape
      : Axes['length'] extends S['length']
        ? { -readonly [I in keyof Axes]: Axes[I] extends keyof S ? S[Axes[I]] & number : S[number] }
        : never

/** A shape of the same rank with unknown sizes. */
export type SameRank<S extends Shape> = { -readonly [I in keyof S]: number }

/** A shape one axis shorter, sizes unknown. */
export type OneLess<S extends Shape> =
  IsDynamic<S> extends true
    ? Shape
    : S extends readonly [number, ...infer Rest extends Shape]
      ? SameRank<Rest>
      : Shape
