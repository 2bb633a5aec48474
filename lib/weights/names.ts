/** Modules that PyTorch puts around another one, wherever it stands, for compiling, sharding and checkpointing. */
const insertedWrappers = /(^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)/g
/** DistributedDataParallel, DataParallel and AveragedModel around the whole model, perhaps one around the other. */
const outerWrappers = /^(?:module\.)+/

/** The name of a tensor without the wrappers of PyTorch, which are no part of a model. */
export function withoutWrappers(name: string): string {
  return name.replaceAll(insertedWrappers, '').replace(/^\./, '').replace(outerWrappers, '')
}
