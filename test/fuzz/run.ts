/**
 * Coverage-guided fuzzing of lines and codec: an input that reaches a new block
 * is kept, and changed further.
 *
 * usage: npm run fuzz -- [SECONDS [SEED]]
 *
 * What is new goes to test/fixtures/fuzz, one file an input, which the tests
 * replay. An input that breaks a promise is written there too, and ends it.
 */
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {build} from 'esbuild';
import {Coverage} from './coverage.js';
import {createRandom, mutate} from './mutate.js';

const folder = fileURLToPath(new URL('../fixtures/fuzz/', import.meta.url));
const target = fileURLToPath(new URL('target.ts', import.meta.url));

// Asking for coverage costs more than a run: a batch is asked once, and its
// inputs one by one only where something in it was new.
const batchSize = 64;

const seconds = Number(process.argv[2] ?? 600);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const random = createRandom(seed);

const temporary = mkdtempSync(join(tmpdir(), 'sockchat-fuzz-'));
const bundle = join(temporary, 'target.mjs');
await build({
	entryPoints: [target],
	bundle: true,
	platform: 'node',
	format: 'esm',
	outfile: bundle,
	logLevel: 'error',
});
const url = pathToFileURL(bundle).href;
const {length} = readFileSync(bundle, 'utf8');
const coverage = new Coverage(url, length);
const {fuzz} = (await import(url)) as {fuzz: (bytes: Buffer) => void};
const keep = (bytes: Buffer, prefix: string): string => {
	const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
	const path = join(folder, `${prefix}${name}`);
	writeFileSync(path, bytes);
	return path;
};

const run = (bytes: Buffer): void => {
	try {
		fuzz(bytes);
	} catch (error) {
		process.stderr.write(`seed ${seed}: ${keep(bytes, 'broken-')}\n`);
		throw error;
	}
};

mkdirSync(folder, {recursive: true});
const corpus: Buffer[] = readdirSync(folder)
	.toSorted()
	.map(name => Buffer.from(readFileSync(join(folder, name))));
corpus.push(Buffer.from('{"type":"bye"}\n'));
for (const bytes of corpus) {
	run(bytes);
}

coverage.add(coverage.take());

const startSize = corpus.length;
const end = performance.now() + seconds * 1000;
let runs = 0;
while (performance.now() < end) {
	const batch = Array.from({length: batchSize}, () => mutate(corpus, random));
	for (const bytes of batch) {
		run(bytes);
	}

	runs += batch.length;
	if (!coverage.isNews(coverage.take())) {
		continue;
	}

	for (const bytes of batch) {
		run(bytes);
		if (!coverage.add(coverage.take())) {
			continue;
		}

		corpus.push(bytes);
		keep(bytes, '');
	}
}

rmSync(temporary, {recursive: true});
const found = corpus.length - startSize;
process.stdout.write(
	`${runs} inputs in ${seconds} s (seed ${seed}); ${found} new of ${corpus.length} in the corpus, which reach ${coverage.covered} of ${length} characters; nothing broken.\n`,
);
