import { InvalidArgumentError } from 'commander'

/** A parser of numbers within bounds, for commander. */
export const numberFrom =
  (min: number, max: number, unit: string) =>
  (text: string): number => {
    const value = Number(text)
    if (/^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(
      `It has to be a number of ${unit} from ${min} to ${max.toLocaleString('en')}.`,
    )
  }

/** A parser of whole numbers within bounds, for commander. */
export const wholeFrom =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(
      `It has to be a whole number from ${min} to ${max.toLocaleString('en')}.`,
    )
  }
