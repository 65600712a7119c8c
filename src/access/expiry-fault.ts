/** What is wrong with a text that is to say when a token expires. */
export const expiryFault = (text: string): string | undefined =>
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text))
    ? undefined
    : 'must be a day or a time, such as "2027-01-31" or "2027-01-31T12:00:00Z"';
