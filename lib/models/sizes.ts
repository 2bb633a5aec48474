import { checkLimit, type LimitName } from '../limits.js'

/** Counts of a config, by the name of their limit. */
export type Sizes = { readonly [Name in LimitName]?: number | readonly number[] | undefined }

/**
 * Checks the counts of a config before anything is made of them.
 * @param what file and part of the model
 * @throws LIMIT_EXCEEDED
 */
export function checkSizes(what: string, sizes: Sizes): void {
  for (const [name, counts] of Object.entries(sizes) as [LimitName, number | readonly number[] | undefined][])
    for (const count of [counts ?? []].flat()) checkLimit(name, count, `${what}: ${name}`)
}
