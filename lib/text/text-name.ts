/** How errors name a text of a list. @param index in the caller's list @param count of the list, or of a part of it */
export function textName(index: number, count: number): string {
  return index === 0 && count === 1 ? 'the text' : `text ${index}`
}
