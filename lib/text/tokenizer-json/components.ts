import { type Config, nameOf, objects } from '../../files/config.js'
import { checkLimit } from '../../limits.js'

/** Creates the components of a Sequence, which may be Sequences themselves. @throws LIMIT_EXCEEDED for deep nesting */
export function components<T>(config: Config, key: string, create: (config: Config) => T): T[] {
  checkLimit('componentDepth', config.prefix.split(`.${key}.`).length, nameOf(config, key))
  return objects(config, key).map(create)
}
