import { type Attention, attention } from './record/attention.js'
import { type Elementwise, elementwise } from './record/elementwise.js'
import { type Leaves, leaves } from './record/leaves.js'
import { type Moves, moves } from './record/moves.js'
import { type Products, products } from './record/products.js'
import { type Rows, rows } from './record/rows.js'
import type { TypeRules } from './record/rule.js'
import { type Views, views } from './record/views.js'
import { type Windows, windows } from './record/windows.js'

/** The record of every op: name, parameters, and (in typeRules) data type and shape. Comments give the operands. */
export interface OpParameters extends Leaves, Views, Elementwise, Rows, Moves, Windows, Attention, Products {}

export type OpName = keyof OpParameters

export const typeRules: TypeRules<OpParameters> = {
  ...leaves,
  ...views,
  ...elementwise,
  ...rows,
  ...moves,
  ...windows,
  ...attention,
  ...products,
}
