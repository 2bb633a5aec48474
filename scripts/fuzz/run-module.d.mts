export interface Fuzzed {
  readonly executions: number
  readonly problems: readonly { readonly problem: string; readonly file: string }[]
}

export interface FuzzOptions {
  readonly seconds: number
  readonly seed: number
  /** Folder for the inputs that fail. */
  readonly crashes: string
  /** Limits for one input. */
  readonly milliseconds?: number
  readonly megabytes?: number
  /** Problems to stop at. Default 100. */
  readonly most?: number
}

/** Fuzzes a target in JavaScript: a module that exports `seeds`, `run(bytes)` and perhaps `tokens`. */
export function fuzzModule(module: string, options: FuzzOptions): Promise<Fuzzed>
