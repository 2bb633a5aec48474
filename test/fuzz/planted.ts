// A fuzz target with a fault, for the test of the driver: an input with an 'x' in it fails.
import { SaccadeError } from '../../lib/errors.js'

export const seeds: readonly Uint8Array[] = [new TextEncoder().encode('abcdefgh')]
export const tokens: readonly string[] = ['x']

const held: Uint8Array[] = []

export function run(bytes: Uint8Array): void {
  if (!bytes.includes('x'.charCodeAt(0))) return
  switch (process.env.PLANTED_FAULT) {
    case 'error':
      throw new TypeError('a planted error')
    case 'internal':
      throw new SaccadeError('INTERNAL', 'a planted bug')
    case 'exit':
      process.exit(3)
      break
    case 'hang':
      while (bytes.length > 0);
      break
    case 'memory':
      for (;;) held.push(new Uint8Array(1 << 24).fill(1))
  }
}
