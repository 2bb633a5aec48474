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
    tokenTypeIds: padded(row.tokenTypeIds, 0),
    attentionMask: padded(row.attentionMask, 0),
  }
}

export function batchOf(rows: readonly Encoding[]): BatchEncoding {
  return {
    inputIds: rows.map((row) => row.inputIds),
    tokenTypeIds: rows.map((row) => row.tokenTypeIds),
    attentionMask: rows.map((row) => row.attentionMask),
  }
}

export function isEncoding(row: unknown): row is Encoding {
  if (typeof row !== 'object' || row === null) return false
  return ['inputIds', 'tokenTypeIds', 'attentionMask'].every((key) =>
    Array.isArray((row as Record<string, unknown>)[key]),
  )
}
