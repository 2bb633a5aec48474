/** Draws times over sizes on logarithmic axes: a power law is a line with its exponent as the slope. */
import * as Plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'

export interface Point {
  readonly layer: string
  readonly size: number
  readonly milliseconds: number
}

const nameStyle = { fill: 'layer', textAnchor: 'start', dx: 8 } as const

/** An SVG file. */
export function drawPowerLaws(points: readonly Point[], axis: string): string {
  const { document } = parseHTML('<html></html>')
  const xy = { x: 'size', y: 'milliseconds', stroke: 'layer' }
  const sizes = [...new Set(points.map(({ size }) => size))].sort((a, b) => a - b)
  const svg = Plot.plot({
    document,
    width: 720,
    height: 420,
    marginLeft: 56,
    marginRight: 150,
    marginBottom: 44,
    style: { background: 'white', color: 'black', fontSize: '12px' },
    x: { type: 'log', base: 2, label: axis, ticks: sizes, tickFormat: String, grid: true },
    y: { type: 'log', label: 'milliseconds, one thread', tickFormat: '~g', ticks: 5, grid: true },
    marks: [
      Plot.line(points, xy),
      Plot.dot(points, { ...xy, fill: 'white' }),
      Plot.text(
        points,
        Plot.selectLast({ x: 'size', y: 'milliseconds', z: 'layer', text: 'layer', ...nameStyle }),
      ),
    ],
  })
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  return `${svg.outerHTML}\n`
}
