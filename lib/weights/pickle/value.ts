/**
 * A value of a pickle. Tuples and lists are arrays, dicts are Maps. The result of a class or function is an
 * {@link Opaque}, unless `build` of the reader's options makes another object.
 */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | Global
  | Opaque
  | Built

/** The name of a class or function, `module.name`. It is never imported. */
export class Global {
  readonly kind = 'global'
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** An object that is skipped: it has the name of its class or function, and not its content. */
export class Opaque {
  readonly kind = 'opaque'
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Base class of the objects that `build` and `persistent` make. */
export abstract class Built {
  readonly kind = 'built'
}
