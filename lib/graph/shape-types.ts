import type { Shape } from './shape.js'

/**
 * Type-level shape rules. Ranks are always checked, sizes if both are literals. `Shape` (unknown rank) matches every
 * shape and `number` every size. A type that computes a shape is `never` if the operands do not match; {@link Fitting}
 * turns that into a type error at the argument.
 */
export interface Mismatch<Message extends string> {
  readonly mismatch: Message
}

/** `unknown`, which allows any argument; for `never` a type that no argument has, with a message for the editor. */
export type Fitting<Result, Message extends string> = [Result] extends [never] ? Mismatch<Message> : unknown

/** True for shapes whose rank is not known to the type checker. */
export type IsDynamic<S extends Shape> = number extends S['length'] ? true : false

/** The shape as a plain tuple, as results have it: `[2, 3]` for `readonly [2, 3]`. */
export type Dims<S extends Shape> = { -readonly [I in keyof S]: S[I] }

/** A shape of the same rank with unknown sizes. */
export type SameRank<S extends Shape> = { -readonly [I in keyof S]: number }

/** The shape if it has, or may have, one of the ranks; else `never`. */
export type OfRank<S extends Shape, Rank extends number> =
  IsDynamic<S> extends true ? S : S['length'] extends Rank ? S : never

/** The shape if it has, or may have, at least one axis; else `never`. */
export type NotScalar<S extends Shape> = S extends readonly [] ? never : S

/** Size of the last axis. */
export type LastOf<S extends Shape> = S extends readonly [...Shape, infer Last extends number] ? Last : number

/** The more specific of two sizes that must be equal; `never` if they are different literals. */
export type SameSize<A extends number, B extends number> = number extends A
  ? B
  : number extends B
    ? A
    : A extends B
      ? A
      : never

/** {@link SameSize} for all sizes of two shapes; `never` if a size or the rank differs. */
export type SameSizes<A extends Shape, B extends Shape> = A extends readonly [
  infer AFirst extends number,
  ...infer ARest extends Shape,
]
  ? B extends readonly [infer BFirst extends number, ...infer BRest extends Shape]
    ? Prepend<SameSize<AFirst, BFirst>, SameSizes<ARest, BRest>>
    : never
  : B extends readonly []
    ? []
    : never

/** The more specific of two shapes that must be equal; `never` if they differ. */
export type SameShape<A extends Shape, B extends Shape> =
  IsDynamic<A> extends true ? B : IsDynamic<B> extends true ? A : SameSizes<A, B>

type Prepend<First extends number, Rest extends Shape> = [First] extends [never]
  ? never
  : [Rest] extends [never]
    ? never
    : [First, ...Rest]

// Broadcasting.

/** Shape of an element-wise result; `never` if the shapes do not broadcast. */
export type Broadcast<A extends Shape, B extends Shape> =
  IsDynamic<A> extends true ? Shape : IsDynamic<B> extends true ? Shape : BroadcastTuples<A, B, []>

type BroadcastTuples<A extends Shape, B extends Shape, Result extends Shape> = A extends readonly [
  ...infer A0 extends Shape,
  infer ALast extends number,
]
  ? B extends readonly [...infer B0 extends Shape, infer BLast extends number]
    ? [BroadcastSize<ALast, BLast>] extends [never]
      ? never
      : BroadcastTuples<A0, B0, [BroadcastSize<ALast, BLast>, ...Result]>
    : [...A, ...Result]
  : [...B, ...Result]

type BroadcastSize<A extends number, B extends number> = A extends 1 ? B : B extends 1 ? A : SameSize<A, B>

/** The shape T if S broadcasts to it, else `never`. */
export type Expand<S extends Shape, T extends Shape> =
  IsDynamic<S> extends true
    ? Dims<T>
    : IsDynamic<T> extends true
      ? Dims<T>
      : [ExpandTuple<S, T>] extends [never]
        ? never
        : Dims<T>

type ExpandTuple<S extends Shape, T extends Shape> = S extends readonly [
  ...infer S0 extends Shape,
  infer SLast extends number,
]
  ? T extends readonly [...infer T0 extends Shape, infer TLast extends number]
    ? SLast extends 1
      ? ExpandTuple<S0, T0>
      : [SameSize<SLast, TLast>] extends [never]
        ? never
        : ExpandTuple<S0, T0>
    : never
  : true

// Products.

/** Shape of a matrix product over the last two axes; leading axes are broadcast. */
export type MatMul<A extends Shape, B extends Shape> =
  IsDynamic<A> extends true
    ? Shape
    : IsDynamic<B> extends true
      ? Shape
      : A extends readonly [...infer ABatch extends Shape, infer M extends number, infer K extends number]
        ? B extends readonly [...infer BBatch extends Shape, infer K2 extends number, infer N extends number]
          ? [SameSize<K, K2>] extends [never]
            ? never
            : [Broadcast<ABatch, BBatch>] extends [never]
              ? never
              : [...Broadcast<ABatch, BBatch>, M, N]
          : never
        : never

/** Shape of x @ weight^T for weight [O, I]: the last size of x must be I and becomes O. */
export type Linear<X extends Shape, W extends Shape> =
  AsMatrix<W> extends [infer O extends number, infer I extends number]
    ? IsDynamic<X> extends true
      ? Shape
      : X extends readonly [...infer Outer extends Shape, infer Last extends number]
        ? [SameSize<Last, I>] extends [never]
          ? never
          : [...Outer, O]
        : never
    : never

type AsMatrix<S extends Shape> =
  IsDynamic<S> extends true ? [number, number] : S extends readonly [number, number] ? Dims<S> : undefined

/** The shape as a tuple of rank 4, with unknown sizes for an unknown rank; undefined for another rank. */
export type AsRank4<S extends Shape> =
  IsDynamic<S> extends true
    ? [number, number, number, number]
    : S extends readonly [number, number, number, number]
      ? Dims<S>
      : undefined

/** Shape of attention weights: q [B, H, Nq, D] and k [B, H, Nk, D] to [B, H, Nq, Nk]. */
export type AttentionWeights<Q extends Shape, K extends Shape> = [AsRank4<Q>, AsRank4<K>] extends [
  [infer B extends number, infer H extends number, infer Nq extends number, infer D extends number],
  [infer B2 extends number, infer H2 extends number, infer Nk extends number, infer D2 extends number],
]
  ? [SameSizes<[B, H, D], [B2, H2, D2]>] extends [never]
    ? never
    : [SameSize<B, B2>, SameSize<H, H2>, Nq, Nk]
  : never

/** Shape of attention: q [B, H, Nq, D], k [B, H, Nk, D] and v [B, H, Nk, Dv] to [B, H, Nq, Dv]. */
export type Attention<Q extends Shape, K extends Shape, V extends Shape> = [AttentionWeights<Q, K>] extends [
  never,
]
  ? never
  : [AttentionWeights<Q, K>, AsRank4<V>] extends [
        [infer B extends number, infer H extends number, infer Nq extends number, infer Nk extends number],
        [infer B2 extends number, infer H2 extends number, infer Nk2 extends number, infer Dv extends number],
      ]
    ? [SameSizes<[B, H, Nk], [B2, H2, Nk2]>] extends [never]
      ? never
      : [SameSize<B, B2>, SameSize<H, H2>, Nq, Dv]
    : never
