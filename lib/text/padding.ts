import type { BatchEncoding, Encoding } from './encoding.js'
import type { Side } from './settings.js'

/**
 * An encoding of at least `length` tokens.
 * @param padId of the padding token; a tokenizer without one pads to length 0
 */
export function padRow(row: Encoding, length: number, padId: number | undefined, side: Side): Encoding {
  const missing = length - row.inputIds.length
  if (missing <= 0 || padId === undefined) return row
  const padded = (ids: number[], by: number): number[] => {
    const padding = new Array<number>(missing).fill(by)
    return side === 'right' ? ids.concat(padding) : padding.concat(ids)
  }
  return {
    inputIds: padded(row.inputIds, padId),
    ...(row.tokenTypeIds && { tokenTypeIds: padded(row.tokenTypeIds, 0) }),
    attentionMask: padded(row.attentionMask, 0),
  }
}

export function batchOf(rows: readonly Encoding[]): BatchEncoding {
  const types = rows.flatMap(({ tokenTypeIds }) => (tokenTypeIds ? [tokenTypeIds] : []))
  return {
    inputIds: rows.map((row) => row.inputIds),
    ...(types.length > 0 && { tokenTypeIds: types }),
    attentionMask: rows.map((row) => row.attentionMask),
  }
}

/** @param hasTypes whether the tokenizer's encodings have token types */
export function isEncoding(row: unknown, hasTypes: boolean): row is Encoding {
  if (typeof row !== 'object' || row === null) return false
  const values: Partial<Record<string, unknown>> = { ...row }
  return (
    ['inputIds', 'attentionMask'].every((key) => Array.isArray(values[key])) &&
    Array.isArray(values.tokenTypeIds) === hasTypes
  )
}
