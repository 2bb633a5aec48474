import { type Config, configInvalid, strings } from '../files/config.js'

/**
 * The class of the library that wrote the checkpoint, as `architectures` of its config names it.
 * @param classes those that can be read
 * @param fallback where the config names none
 * @throws CONFIG_INVALID naming those that can be read
 */
export function libraryClass<const Name extends string>(
  config: Config,
  classes: readonly Name[],
  fallback: NoInfer<Name>,
): Name {
  const [name = fallback] = strings(config, 'architectures', [])
  const found = classes.find((known) => known === name)
  if (found === undefined) throw configInvalid(config, 'architectures', `one of ${classes.join(', ')}`)
  return found
}
