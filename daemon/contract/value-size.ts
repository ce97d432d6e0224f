/** The longest value, in bytes: what AWS Secrets Manager takes too. */
export const VALUE_MAX = 65_536;
