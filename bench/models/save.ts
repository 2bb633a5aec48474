import type { Line } from './line.js'

export function saveReport(_name: string, _lines: readonly Line[]): void {}
