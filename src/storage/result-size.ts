/**
 * The bytes of rows that an answer of some size may be made of. What is stored is up to two and a half times as large as
 * what is sent: a double of 17 digits in place of 8 bytes. So what is refused for it would not have fitted.
 */
export const resultSizeFor = (maxSendSize: number): number => 3 * maxSendSize;
