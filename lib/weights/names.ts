/** Turns a name in a checkpoint, without the wrappers of PyTorch, into the name that the reader of a layout asks for. */
export type Rename = (name: string) => string

/** A pattern in a name, and what replaces it. */
export type RenameRule = readonly [pattern: RegExp, replacement: string]

/** Applies all rules, one after the other. */
export function renameBy(rules: readonly RenameRule[]): Rename {
  return (name) => rules.reduce((renamed, [pattern, by]) => renamed.replace(pattern, by), name)
}

/** Modules that PyTorch puts around another one, wherever it stands, for compiling, sharding and checkpointing. */
const insertedWrappers = /(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)/g
/** DistributedDataParallel, DataParallel and AveragedModel around the whole model, perhaps one around the other. */
const outerWrappers = /^(?:module\.)+/

/** The name of a tensor without the wrappers of PyTorch, which are no part of a model. */
export function withoutWrappers(name: string): string {
  return name.replaceAll(insertedWrappers, '').replace(/^\./, '').replace(outerWrappers, '')
}
