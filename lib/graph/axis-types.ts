import type { Shape } from './shape.js'
import type { IsDynamic, SameRank } from './shape-types.js'

/** Type-level rules of ops that change axes. Sizes are known as far as the axes are literals. */

/** A literal axis counted from the front; `number` if it is not literal, `never` if the shape has no such axis. */
export type AxisOf<S extends Shape, Axis> = Axis extends number
  ? number extends Axis
    ? number
    : `${Axis}` extends `-${infer Back extends number}`
      ? FromBack<S, Back>
      : IsDynamic<S> extends true
        ? Axis
        : `${Axis}` extends keyof S
          ? Axis
          : never
  : never

/** Index of the axis -Back, counted from the end. */
type FromBack<S extends Shape, Back extends number, Dropped extends readonly unknown[] = []> =
  IsDynamic<S> extends true
    ? number
    : Dropped['length'] extends Back
      ? S['length']
      : S extends readonly [...infer Front extends Shape, number]
        ? FromBack<Front, Back, [...Dropped, unknown]>
        : never

/** The axis, or list of axes, if the shape has them all; else `never`. */
export type KnownAxes<S extends Shape, Axis> = Axis extends readonly [infer First, ...infer Rest]
  ? [AxisOf<S, First>] extends [never]
    ? never
    : [KnownAxes<S, Rest>] extends [never]
      ? never
      : Axis
  : Axis extends number
    ? AxisOf<S, Axis>
    : Axis

/** The shape with another size on an axis. */
export type Replace<S extends Shape, Axis, Size extends number> =
  IsDynamic<S> extends true
    ? Shape
    : number extends AxisOf<S, Axis>
      ? SameRank<S>
      : { -readonly [I in keyof S]: I extends `${AxisOf<S, Axis>}` ? Size : S[I] }

/** The shape without the axes. */
export type Remove<S extends Shape, Axis> =
  IsDynamic<S> extends true
    ? Shape
    : number extends AxisOf<S, Axis>
      ? S extends readonly [number, ...infer Rest extends Shape]
        ? SameRank<Rest>
        : never
      : RemoveTuple<S, AxisOf<S, Axis>>

type RemoveTuple<
  S extends Shape,
  Gone extends number,
  Done extends readonly unknown[] = [],
> = S extends readonly [infer First extends number, ...infer Rest extends Shape]
  ? Done['length'] extends Gone
    ? RemoveTuple<Rest, Gone, [...Done, unknown]>
    : [First, ...RemoveTuple<Rest, Gone, [...Done, unknown]>]
  : []

/** The shape with one axis replaced by several: `Substitute<[2, 3], 1, [5, 6]>` is [2, 5, 6]. */
export type Substitute<S extends Shape, Axis, Sizes extends Shape> =
  IsDynamic<S> extends true
    ? Shape
    : IsDynamic<Sizes> extends true
      ? Shape
      : number extends AxisOf<S, Axis>
        ? S extends readonly [number, ...infer Rest extends Shape]
          ? SameRank<[...Rest, ...Sizes]>
          : never
        : SubstituteTuple<S, AxisOf<S, Axis>, Sizes>

type SubstituteTuple<
  S extends Shape,
  Axis extends number,
  Sizes extends Shape,
  Before extends Shape = [],
> = S extends readonly [infer First extends number, ...infer Rest extends Shape]
  ? Before['length'] extends Axis
    ? [...Before, ...Sizes, ...Rest]
    : SubstituteTuple<Rest, Axis, Sizes, [...Before, First]>
  : never

/** The shape with a new axis. `Axis` is its index in the result. */
export type Insert<S extends Shape, Axis, Size extends number> =
  IsDynamic<S> extends true
    ? Shape
    : number extends AxisOf<[...S, Size], Axis>
      ? SameRank<[...S, Size]>
      : InsertTuple<S, AxisOf<[...S, Size], Axis>, Size>

type InsertTuple<
  S extends Shape,
  Axis extends number,
  Size extends number,
  Before extends Shape = [],
> = Before['length'] extends Axis
  ? [...Before, Size, ...S]
  : S extends readonly [infer First extends number, ...infer Rest extends Shape]
    ? InsertTuple<Rest, Axis, Size, [...Before, First]>
    : never

/** Shape of a reduction over an axis, several, or (undefined) all. With `Keep` the axes stay with size 1. */
export type Reduce<S extends Shape, Axes, Keep extends boolean> =
  IsDynamic<S> extends true
    ? Shape
    : boolean extends Keep
      ? Shape
      : Axes extends undefined
        ? Keep extends true
          ? { -readonly [I in keyof S]: 1 }
          : []
        : ReduceAxes<S, Axes, AxisOf<S, Axes extends readonly number[] ? Axes[number] : Axes>, Keep>

type ReduceAxes<S extends Shape, Axes, Gone extends number, Keep extends boolean> = Keep extends true
  ? { -readonly [I in keyof S]: number extends Gone ? number : I extends `${Gone}` ? 1 : S[I] }
  : number extends Gone
    ? Axes extends number
      ? Remove<S, Axes>
      : Shape
    : RemoveTuple<S, Gone>

/** The shape with its axes in another order; `never` if `Order` is not a permutation of the axes. */
export type Permute<S extends Shape, Order extends readonly number[]> =
  IsDynamic<S> extends true
    ? IsDynamic<Order> extends true
      ? Shape
      : SameRank<Order>
    : IsDynamic<Order> extends true
      ? SameRank<S>
      : [KnownAxes<S, Order>] extends [never]
        ? never
        : Order['length'] extends S['length']
          ? { -readonly [I in keyof Order]: SizeAt<S, Order[I]> }
          : never

/** Size of an axis; `number` if the axis is not literal. */
export type SizeAt<S extends Shape, Axis> =
  AxisOf<S, Axis> extends infer Index extends number
    ? `${Index}` extends keyof S
      ? S[`${Index}`] & number
      : number
    : never

/** The shape with two axes exchanged; `never` if it does not have both. */
export type Transpose<S extends Shape, A, B> =
  IsDynamic<S> extends true
    ? Shape
    : [KnownAxes<S, [A, B]>] extends [never]
      ? never
      : number extends AxisOf<S, A> | AxisOf<S, B>
        ? SameRank<S>
        : {
            -readonly [I in keyof S]: I extends `${AxisOf<S, A>}`
              ? SizeAt<S, B>
              : I extends `${AxisOf<S, B>}`
                ? SizeAt<S, A>
                : S[I]
          }

/** The result of a reshape: the size for -1 is not known to the type checker. */
export type Inferred<S extends Shape> = { -readonly [I in keyof S]: S[I] extends -1 ? number : S[I] }
