/**
 * Compares sockchat on this machine with programs that people use for the same.
 *
 * It takes a quarter of an hour, loads only 127.0.0.1, and stops only processes
 * that it started. Results go to results.json and results.md; a part that isn't
 * run keeps its last result.
 *
 * usage: npm run benchmark -- [PART…] [--rounds N] [--messages N]
 * --messages: how many flood the screen, five million by default
 */
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {loadavg} from 'node:os';
import process from 'node:process';
import {parseArgs} from 'node:util';
import {growthChart} from './chart.js';
import {bin, createContestants, present} from './contestants.js';
import {measureFanOut, measureGrowth} from './fan-out.js';
import {measureFloods} from './flood.js';
import {measureIdle} from './idle.js';
import {measureLatency} from './latency.js';
import {machine} from './machine.js';
import {measureMemory} from './memory.js';
import {buildNative} from './native.js';
import {measurePipe} from './pipe.js';
import {measureProxy} from './proxy.js';
import {readResults, report, resultsFile, type Results} from './report.js';
import {measureScreen} from './screen.js';
import {measureSizes} from './sizes.js';
import {measureStartUp} from './start-up.js';
import type {Tools} from './tools.js';

const parts = {
	'fan-out': measureFanOut,
	latency: measureLatency,
	memory: measureMemory,
	flood: measureFloods,
	pipe: measurePipe,
	proxy: measureProxy,
	'start-up': measureStartUp,
	screen: measureScreen,
	idle: measureIdle,
	growth: measureGrowth,
	sizes: measureSizes,
};

const {values, positionals} = parseArgs({
	allowPositionals: true,
	options: {
		rounds: {type: 'string', default: '3'},
		messages: {type: 'string', default: '5000000'},
	},
});
const unknown = positionals.find(name => !Object.hasOwn(parts, name));
if (unknown !== undefined) {
	console.error(
		`Unknown part "${unknown}". The parts: ${Object.keys(parts).join(', ')}.`,
	);
	process.exit(2);
}

if (!existsSync(bin)) {
	console.error('dist/cli.js is missing; run: npm run build');
	process.exit(1);
}

const {generator, limit} = buildNative();
const tools: Tools = {
	contestants: present(createContestants(limit)),
	generator,
	rounds: Number(values.rounds),
	messages: Number(values.messages),
	say(line) {
		console.error(line);
	},
};
const results: Record<string, unknown> = {...readResults()};
for (const [name, measurePart] of Object.entries(parts)) {
	if (positionals.length > 0 && !positionals.includes(name)) {
		continue;
	}

	console.error(`-- ${name}`);
	const loadBefore = loadavg()[0]!;
	const measured = await measurePart(tools);
	results[name] = {
		date: new Date().toISOString().slice(0, 16).replace('T', ' '),
		machine: machine(),
		/** The load average of the minute before, as a sign of other load. */
		loadBefore,
		...measured,
	};
	writeFileSync(resultsFile, `${JSON.stringify(results, null, '\t')}\n`);
}

const known = results as Results;
writeFileSync(new URL('results.md', import.meta.url), report(known));
if (known.growth) {
	writeFileSync(
		new URL('../docs/growth.svg', import.meta.url),
		growthChart(known.growth.points),
	);
}

console.log(readFileSync(new URL('results.md', import.meta.url), 'utf8'));
