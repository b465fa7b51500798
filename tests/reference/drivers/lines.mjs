// Answers one JSON question a line from stdin with one JSON answer a line on stdout; bigints go out as decimal text.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** Loads a package from the folder that the test names. */
export const reference = createRequire(resolve(process.argv[2], 'package.json'));

const plain = (_, value) => (typeof value === 'bigint' ? value.toString() : value);

/** Calls `answer(question)` for every line. */
export function answerAll(answer) {
  const questions = readFileSync(0, 'utf8').split('\n').filter(line => line !== '');
  process.stdout.write(questions.map(line => JSON.stringify(answer(JSON.parse(line)), plain) + '\n').join(''));
}
