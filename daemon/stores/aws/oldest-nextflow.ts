/** First version of Nextflow with the extension point that the plugin nf-escrow-aws uses. */
export const OLDEST_NEXTFLOW = [25, 10] as const;
