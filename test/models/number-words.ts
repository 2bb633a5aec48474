/** English and Russian number words by rule, below a million: what models/numbers-en-ru was trained to translate. */

const words = (text: string) => text.split(' ')
const ones = words(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen ' +
    'seventeen eighteen nineteen',
)
const tens = words('- - twenty thirty forty fifty sixty seventy eighty ninety')
const ruOnes = words(
  'ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать ' +
    'четырнадцать пятнадцать шестнадцать семнадцать восемнадцать девятнадцать',
)
const ruTens = words('- - двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто')
const ruHundreds = words('- сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот')

/** How people spell: with or without the hyphen, the "and" and the comma. */
export interface Spelling {
  readonly hyphen: '-' | ' '
  readonly and: 'and ' | ''
  readonly comma: ', ' | ' '
}

export const usual: Spelling = { hyphen: '-', and: 'and ', comma: ', ' }

/** 123456: one hundred and twenty-three thousand, four hundred and fifty-six. */
export function english(n: number, { hyphen, and, comma }: Spelling = usual): string {
  const small = (n: number): string => {
    if (n < 20) return ones[n]!
    if (n < 100) return tens[Math.floor(n / 10)]! + (n % 10 ? hyphen + ones[n % 10]! : '')
    return `${ones[Math.floor(n / 100)]} hundred${n % 100 ? ` ${and}${small(n % 100)}` : ''}`
  }
  if (n < 1000) return small(n)
  const rest = n % 1000
  const thousands = `${small(Math.floor(n / 1000))} thousand`
  if (rest === 0) return thousands
  return thousands + (rest < 100 ? ` ${and}` : comma) + small(rest)
}

/** 123456: сто двадцать три тысячи четыреста пятьдесят шесть. */
export function russian(n: number): string {
  if (n === 0) return ruOnes[0]!
  const small = (n: number, feminine: boolean): string[] => {
    const rest = n % 100
    const low = rest < 20 ? rest : rest % 10
    const one = feminine && low < 3 ? ['', 'одна', 'две'][low]! : ruOnes[low]!
    return [
      ...(n >= 100 ? [ruHundreds[Math.floor(n / 100)]!] : []),
      ...(rest >= 20 ? [ruTens[Math.floor(rest / 10)]!] : []),
      ...(low > 0 ? [one] : []),
    ]
  }
  const thousands = Math.floor(n / 1000)
  const forms = thousands > 0 ? [...small(thousands, true), thousandForm(thousands)] : []
  return [...forms, ...small(n % 1000, false)].join(' ')
}

/** одна тысяча, две тысячи, пять тысяч. */
function thousandForm(count: number): string {
  const teen = count % 100 > 10 && count % 100 < 20
  if (teen || count % 10 === 0 || count % 10 > 4) return 'тысяч'
  return count % 10 === 1 ? 'тысяча' : 'тысячи'
}
