/**
 * A value of a pickle. Tuples and lists are arrays, dicts are Maps. The result of a class or function is an
 * {@link Opaque}, unless `build` of {@link UnpickleOptions} makes another object.
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

export interface UnpickleOptions {
  /** Called with a fault of the stream; must throw. */
  readonly fail: (problem: string) => never
  /** Called for each global that the stream names; may throw to refuse it. */
  readonly global: (name: string) => void
  /** Makes the result of calling the global with these arguments; undefined to skip it. */
  readonly build: (name: string, args: readonly Pickled[]) => Pickled | undefined
  /** Makes the object of a persistent id. */
  readonly persistent: (id: Pickled) => Pickled
}

const maxLongBytes = 1024

/**
 * Reads a pickle of protocol 2 without executing anything: a global is a name, and a call of one becomes the object that
 * `build` makes from the name and the arguments. Time and memory are linear in the length of the stream: there is no
 * recursion, and every count is checked before it is used.
 *
 * Source: the description of the opcodes in CPython's Lib/pickletools.py.
 */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): Pickled {
  return new Unpickler(bytes, options).run()
}

class Unpickler {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #options: UnpickleOptions
  readonly #memo = new Map<number, Pickled>()
  readonly #marked: Pickled[][] = []
  #stack: Pickled[] = []
  #at = 0

  constructor(bytes: Uint8Array, options: UnpickleOptions) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#options = options
  }

  run(): Pickled {
    for (;;) {
      const opcode = String.fromCharCode(this.#u8())
      if (opcode === '.') {
        const value = this.#pop()
        if (this.#stack.length > 0 || this.#marked.length > 0)
          this.#fail('values remain on the stack at its end')
        return value
      }
      if (this.#act(opcode)) continue
      const value = this.#make(opcode) // first, because it may replace the stack
      this.#stack.push(value)
    }
  }

  /** Executes an instruction that pushes no value; false for other instructions. */
  #act(opcode: string): boolean {
    switch (opcode) {
      case '\x80': // PROTO
        this.#protocol(this.#u8())
        return true
      case '(': // MARK
        this.#marked.push(this.#stack)
        this.#stack = []
        return true
      case '0': // POP
        this.#pop()
        return true
      case '1': // POP_MARK
        this.#popMark()
        return true
      case 'a': // APPEND
        this.#append(this.#popSome(1))
        return true
      case 'e': // APPENDS
        this.#append(this.#popMark())
        return true
      case 's': // SETITEM
        this.#setItems(this.#popSome(2))
        return true
      case 'u': // SETITEMS
        this.#setItems(this.#popMark())
        return true
      case 'b': // BUILD
        this.#setState()
        return true
      case 'q': // BINPUT
        this.#memo.set(this.#u8(), this.#top())
        return true
      case 'r': // LONG_BINPUT
        this.#memo.set(this.#u32(), this.#top())
        return true
      default:
        return false
    }
  }

  /** Executes an instruction that pushes one value. */
  #make(opcode: string): Pickled {
    switch (opcode) {
      case 'N': // NONE
        return null
      case '\x88': // NEWTRUE
        return true
      case '\x89': // NEWFALSE
        return false
      case 'K': // BININT1
        return this.#u8()
      case 'M': // BININT2
        return this.#view.getUint16(this.#skip(2), true)
      case 'J': // BININT
        return this.#view.getInt32(this.#skip(4), true)
      case 'G': // BINFLOAT
        return this.#view.getFloat64(this.#skip(8))
      case '\x8a': // LONG1
        return this.#long(this.#u8())
      case '\x8b': // LONG4
        return this.#long(this.#u32())
      case 'X': // BINUNICODE
        return this.#text(this.#u32())
      case 'U': // SHORT_BINSTRING: the str of Python 2, which may hold any bytes
        return Buffer.from(this.#data(this.#u8())).toString('latin1')
      case 'T': // BINSTRING
        return Buffer.from(this.#data(this.#u32())).toString('latin1')
      case 'C': // SHORT_BINBYTES
        return this.#data(this.#u8())
      case 'B': // BINBYTES
        return this.#data(this.#u32())
      case ']': // EMPTY_LIST
      case ')': // EMPTY_TUPLE
        return []
      case 'l': // LIST
      case 't': // TUPLE
        return this.#popMark()
      case '\x85': // TUPLE1
        return this.#popSome(1)
      case '\x86': // TUPLE2
        return this.#popSome(2)
      case '\x87': // TUPLE3
        return this.#popSome(3)
      case '}': // EMPTY_DICT
        return new Map()
      case 'h': // BINGET
        return this.#recall(this.#u8())
      case 'j': // LONG_BINGET
        return this.#recall(this.#u32())
      case 'c': // GLOBAL
        return this.#global()
      case 'R': // REDUCE
      case '\x81': // NEWOBJ
        return this.#call()
      case 'Q': // BINPERSID
        return this.#options.persistent(this.#pop())
      default: {
        const code = opcode.charCodeAt(0).toString(16).padStart(2, '0')
        return this.#fail(`opcode 0x${code} at byte ${this.#at - 1} is not one that torch.save writes`)
      }
    }
  }

  #protocol(version: number): void {
    if (version < 2 || version > 3) this.#fail(`it is of protocol ${version}; torch.save writes protocol 2`)
  }

  #global(): Global {
    const name = `${this.#line()}.${this.#line()}`
    this.#options.global(name)
    return new Global(name)
  }

  #call(): Pickled {
    const [callee, args] = this.#popSome(2)
    if (!Array.isArray(args)) return this.#fail('a call whose arguments are not a tuple')
    if (callee instanceof Global) return this.#options.build(callee.name, args) ?? new Opaque(callee.name)
    if (callee instanceof Opaque) return new Opaque(callee.name)
    return this.#fail('a call of something that is not a class or function')
  }

  /** BUILD: sets attributes of an object. The objects that are kept have none, so the attributes are dropped. */
  #setState(): void {
    this.#pop()
    const target = this.#top()
    if (!(target instanceof Opaque || target instanceof Map || target instanceof Built))
      this.#fail('attributes for something that has none')
  }

  #append(items: Pickled[]): void {
    const list = this.#top()
    if (list instanceof Opaque) return
    if (!Array.isArray(list)) this.#fail('items for something that is not a list')
    for (const item of items) list.push(item)
  }

  #setItems(items: Pickled[]): void {
    const dict = this.#top()
    if (items.length % 2 !== 0) this.#fail('a dict has a key without a value')
    if (dict instanceof Opaque) return
    if (!(dict instanceof Map)) this.#fail('keys for something that is not a dict')
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
  }

  #recall(id: number): Pickled {
    const value = this.#memo.get(id)
    return value === undefined ? this.#fail(`it refers to value ${id}, which it never stored`) : value
  }

  #top(): Pickled {
    const value = this.#stack.at(-1)
    return value === undefined ? this.#fail('it pops more values than it pushed') : value
  }

  #pop(): Pickled {
    const value = this.#stack.pop()
    return value === undefined ? this.#fail('it pops more values than it pushed') : value
  }

  #popSome(count: number): Pickled[] {
    if (this.#stack.length < count) this.#fail('it pops more values than it pushed')
    return this.#stack.splice(-count)
  }

  #popMark(): Pickled[] {
    const items = this.#stack
    this.#stack = this.#marked.pop() ?? this.#fail('it pops more values than it pushed')
    return items
  }

  #skip(count: number): number {
    const at = this.#at
    if (at + count > this.#bytes.length) this.#fail('it ends in the middle of an instruction')
    this.#at += count
    return at
  }

  #u8(): number {
    return this.#bytes[this.#skip(1)]!
  }

  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true)
  }

  #data(length: number): Uint8Array {
    const at = this.#skip(length)
    return new Uint8Array(this.#bytes.subarray(at, at + length))
  }

  #text(length: number): string {
    return this.#decode(this.#skip(length), this.#at)
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) this.#fail('it ends in the middle of a name')
    const at = this.#skip(end + 1 - this.#at)
    return this.#decode(at, end)
  }

  #decode(from: number, to: number): string {
    try {
      return utf8.decode(this.#bytes.subarray(from, to))
    } catch {
      return this.#fail(`the text at byte ${from} is not UTF-8`)
    }
  }

  /** Two's complement, little endian. */
  #long(length: number): number | bigint {
    if (length > maxLongBytes) this.#fail(`it holds an integer of ${length} bytes`)
    let value = 0n
    for (const byte of this.#data(length).reverse()) value = (value << 8n) | BigInt(byte)
    value = BigInt.asIntN(length * 8, value)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  #fail(problem: string): never {
    this.#options.fail(problem)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
