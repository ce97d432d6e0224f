/** Whether this is a development build (`npm run page`). */
declare const DEVELOPMENT: boolean;
