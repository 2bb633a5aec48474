// Mutated JSON that is still JSON: values, keys and items are replaced, moved and removed. Changes of bytes mostly break the
// syntax, and never come to the readers of values.

const constants = [
  'NaN',
  'Infinity',
  '-Infinity',
  '1e400',
  '9007199254740993',
  '123456789012345678901234567890',
]
/** Stands for a constant in a text that JSON.stringify makes. */
const marked = (index) => `@constant${index}@`
const values = [
  ...[null, true, false, 0, -0, 1, -1, 2, 3, 0.5, 1.5, 1e-9, 1e9, 1e21, 1e308, 4294967296, 2 ** 53],
  ...['', 'x', '0', '-1', '\0', '\ud800', 'é\u0301', '__proto__', 'constructor', 'a'.repeat(300)],
  ...[[], {}, [0], [1, 2], [[1]], [null], ['a', 'b'], { a: 1 }, { 0: 'a' }, { __proto__: null, type: 'x' }],
  ...constants.map((_, index) => marked(index)),
]
const parsed = new WeakMap()

/** Text of a JSON value of a seed, changed a few times, or undefined if the seed is not JSON. */
export function mutateJson(seed, seeds, from, below, pick) {
  const tree = structuredClone(treeOf(seed, from))
  if (tree === undefined) return undefined
  const holder = { root: tree }
  for (let changes = 1 + below(3); changes > 0; changes--)
    change(holder, treeOf(pick(seeds), from), below, pick)
  return constants.reduce(
    (text, constant, index) => text.replaceAll(`"${marked(index)}"`, constant),
    JSON.stringify(holder.root),
  )
}

function treeOf(seed, from) {
  if (!parsed.has(seed)) parsed.set(seed, parse(seed.subarray(from)))
  return parsed.get(seed)
}

function parse(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

/** Every value of a tree, as the object or list that holds it and its key. */
function placesIn(holder, places = []) {
  for (const key of Object.keys(holder)) {
    places.push([holder, key])
    if (isHolder(holder[key])) placesIn(holder[key], places)
  }
  return places
}

function isHolder(value) {
  return typeof value === 'object' && value !== null
}

function change(holder, other, below, pick) {
  const places = placesIn(holder)
  const [at, key] = pick(places)
  const [fromTree, fromKey] = pick(placesIn({ root: other ?? null }))
  switch (below(6)) {
    case 0: // a value of another place
      at[key] = structuredClone(fromTree[fromKey])
      break
    case 1: // a key of another place
      if (!Array.isArray(at) && at !== holder) at[fromKey] = structuredClone(pick(values))
      break
    case 2:
      if (at === holder) break
      if (Array.isArray(at)) at.splice(Number(key), 1)
      else delete at[key]
      break
    case 3: // repeated items
      if (Array.isArray(at)) at.push(...Array(1 + below(40)).fill(at[key]))
      else if (typeof at[key] === 'string') at[key] = at[key] + at[key]
      break
    default:
      at[key] = structuredClone(pick(values))
  }
}
