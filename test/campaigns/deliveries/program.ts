// nf-escrow with the short times of a campaign, otherwise composed like the product.
import { fileURLToPath } from 'node:url';
import { main } from '../../../daemon/main.ts';
import { shortTimes } from './short-times.ts';

void main({ path: fileURLToPath(import.meta.url), deliveries: shortTimes }, process.argv.slice(2));
