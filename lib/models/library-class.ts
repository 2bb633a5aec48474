import { type Config, strings } from '../files/config.js'

/**
 * The class of the library that wrote the checkpoint, as `architectures` of its config names it. undefined if it names none
 * that is known: then, as in the library's AutoModel, the model type decides, and the weights tell which head there is.
 * @param classes those that are known
 */
export function libraryClass<const Name extends string>(
  config: Config,
  classes: readonly Name[],
): Name | undefined {
  for (const name of strings(config, 'architectures', [])) {
    const found = classes.find((known) => known === name)
    if (found !== undefined) return found
  }
  return undefined
}
