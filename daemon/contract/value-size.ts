/** Maximum size of a value in bytes. The same as in AWS Secrets Manager. */
export const VALUE_MAX = 65_536;
